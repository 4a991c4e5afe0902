//! `clawflow tasks logs`, and the copying that `flows logs` shares.

use super::verbs::TaskArg;
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::client::Client;
use clap::Args;
use clawflow_core::task::Task;
use clawflow_engine::api::{TaskLogs, TaskLogsRequest, TaskRef, TaskShow};
use serde_json::json;

/// How long one question for more waits, in milliseconds.
const MORE_MS: u64 = 30_000;

/// Which log to print.
#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    #[command(flatten)]
    task: TaskArg,
    /// standard error instead of standard output
    #[arg(long, conflicts_with = "both")]
    stderr: bool,
    /// both, each where it belongs
    #[arg(long)]
    both: bool,
    /// from this byte on
    #[arg(long, value_name = "BYTE", default_value_t = 0, hide_default_value = true)]
    offset: u64,
    /// go on printing until the task has ended
    #[arg(long, short)]
    follow: bool,
}

/// What of a log is wanted.
#[derive(Clone, Copy, Debug)]
pub(in crate::commands) struct Wanted {
    /// Standard error instead of standard output.
    pub(in crate::commands) stderr: bool,
    /// Until the end of the task.
    pub(in crate::commands) follow: bool,
    /// From this byte on.
    pub(in crate::commands) offset: u64,
}

/// Prints it.
pub(crate) async fn run(ctx: &Ctx, args: LogsArgs) -> Result<Exit, CliError> {
    let client = Client::open(ctx).await?;
    let wanted = Wanted { stderr: args.stderr, follow: args.follow, offset: args.offset };
    let printed = match client.call::<TaskShow>(&TaskRef { task: args.task.task }).await {
        Ok(task) if args.both => copy_both(ctx, &client, &task, wanted).await,
        Ok(task) => copy(ctx, &client, &task, wanted).await,
        Err(error) => Err(error),
    };
    client.close(printed).await.map(|()| Exit::Done)
}

/// Copies a task's log to standard output.
pub(in crate::commands) async fn copy(
    ctx: &Ctx,
    client: &Client,
    task: &Task,
    wanted: Wanted,
) -> Result<(), CliError> {
    read(client, task, wanted, |offset, text| match ctx.mode.json {
        true => ctx.mode.print_json_line(&json!({
            "taskId": task.task_id,
            "stepId": task.step_id,
            "offset": offset,
            "text": text,
        })),
        false => ctx.mode.print_text(text),
    })
    .await
}

/// Copies both logs, each to its own stream; while it is followed, as they come.
async fn copy_both(
    ctx: &Ctx,
    client: &Client,
    task: &Task,
    wanted: Wanted,
) -> Result<(), CliError> {
    let errors = Wanted { stderr: true, ..wanted };
    let out = copy(ctx, client, task, wanted);
    let errors = read(client, task, errors, |offset, text| match ctx.mode.json {
        true => ctx.mode.print_json_line(&json!({
            "taskId": task.task_id,
            "stepId": task.step_id,
            "stream": "stderr",
            "offset": offset,
            "text": text,
        })),
        false => {
            ctx.mode.print_error(text);
            Ok(())
        }
    });
    if wanted.follow {
        return tokio::try_join!(out, errors).map(drop);
    }
    out.await?;
    errors.await
}

/// Waits for the end of a task by its log, and prints nothing.
pub(super) async fn drain(client: &Client, task: &Task) -> Result<(), CliError> {
    read(client, task, Wanted { stderr: false, follow: true, offset: 0 }, |_, _| Ok(())).await
}

async fn read(
    client: &Client,
    task: &Task,
    wanted: Wanted,
    print: impl Fn(u64, &str) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let mut offset = wanted.offset;
    loop {
        let request = TaskLogsRequest {
            task: task.task_id.0.clone(),
            stderr: wanted.stderr,
            offset,
            max: None,
            timeout_ms: if wanted.follow { MORE_MS } else { 0 },
        };
        let part = client.call::<TaskLogs>(&request).await?;
        if !part.text.is_empty() {
            print(offset, &part.text)?;
        }
        // An answer without progress would come for ever.
        let more = part.next > offset || wanted.follow;
        if part.done || !more {
            return Ok(());
        }
        offset = part.next;
    }
}
