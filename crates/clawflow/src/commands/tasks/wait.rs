//! `clawflow tasks wait`.

use super::verbs::TaskArg;
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::duration_ms;
use crate::commands::client::Client;
use clap::Args;
use clawflow_core::task::{Task, TaskStatus};
use clawflow_engine::api::{TaskWait, TaskWaitRequest};
use std::time::{Duration, Instant};

/// How long one question waits, in milliseconds.
const ONE_WAIT_MS: u64 = 30_000;

/// Which task to wait for.
#[derive(Debug, Args)]
pub(crate) struct WaitArgs {
    #[command(flatten)]
    task: TaskArg,
    /// give up after this time; it goes on
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    timeout: Option<u64>,
}

/// Waits for its end.
pub(crate) async fn run(ctx: &Ctx, args: WaitArgs) -> Result<Exit, CliError> {
    let client = Client::open(ctx).await?;
    let ended = until_ended(ctx, &client, &args.task.task, args.timeout).await;
    client.close(ended).await
}

/// Waits for the end of a task and tells of it.
pub(super) async fn until_ended(
    ctx: &Ctx,
    client: &Client,
    task: &str,
    timeout_ms: Option<u64>,
) -> Result<Exit, CliError> {
    let deadline = timeout_ms.and_then(|ms| Instant::now().checked_add(Duration::from_millis(ms)));
    let mut name = task.to_owned();
    loop {
        let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
        let left_ms = left.map_or(ONE_WAIT_MS, |left| {
            u64::try_from(left.as_millis()).unwrap_or(u64::MAX).min(ONE_WAIT_MS)
        });
        // Nobody else changes anything while this process holds the home.
        let wait_ms = if client.is_remote() { left_ms } else { 0 };
        let request = TaskWaitRequest { task: name.clone(), timeout_ms: wait_ms };
        let task = client.call::<TaskWait>(&request).await?;
        name.clone_from(&task.task_id.0);
        if task.status.is_terminal() {
            return told(ctx, &task);
        }
        if !client.is_remote() {
            ctx.mode.note("hint: nobody drives tasks now: clawflow gateway run");
        }
        if !client.is_remote() || left.is_some_and(|left| left.is_zero()) {
            print(ctx, &task)?;
            return Ok(Exit::StillActive);
        }
    }
}

fn told(ctx: &Ctx, task: &Task) -> Result<Exit, CliError> {
    print(ctx, task)?;
    Ok(match task.status {
        TaskStatus::Succeeded => Exit::Done,
        _ => Exit::Failed,
    })
}

fn print(ctx: &Ctx, task: &Task) -> Result<(), CliError> {
    super::report::tell(ctx, task).map(drop)
}
