//! `clawflow tasks cancel`.

use super::verbs::TaskArg;
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::duration_ms;
use crate::commands::client::ask;
use clap::Args;
use clawflow_engine::api::{TaskCancel, TaskCancelRequest, WAIT_MS_MAX};

/// Time beyond the grace, in milliseconds.
const MORE_MS: u64 = 10_000;

/// Which task to stop.
#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    #[command(flatten)]
    task: TaskArg,
    /// why, for the record
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    /// how long to wait for the end, at most 60s [default: cancel.grace and 10s]
    #[arg(long, value_name = "DURATION", value_parser = duration_ms, conflicts_with = "no_wait")]
    wait: Option<u64>,
    /// do not wait for the end
    #[arg(long)]
    no_wait: bool,
}

/// Stops it.
pub(crate) async fn run(ctx: &Ctx, args: CancelArgs) -> Result<Exit, CliError> {
    let grace_ms = u64::try_from(ctx.settings.cancel.grace.as_millis()).unwrap_or(WAIT_MS_MAX);
    let wait_ms = match args.no_wait {
        true => 0,
        false => args.wait.unwrap_or(grace_ms.saturating_add(MORE_MS)).min(WAIT_MS_MAX),
    };
    let request = TaskCancelRequest { task: args.task.task, reason: args.reason, wait_ms };
    let task = ask::<TaskCancel>(ctx, &request).await?;
    let ended = task.status.is_terminal();
    if ctx.mode.json {
        ctx.mode.print_json(&task)?;
    } else {
        let verb = if ended { "ended" } else { "cancel requested:" };
        ctx.mode.print(&format!("{verb} {}, {}\n", task.task_id, task.status))?;
    }
    if !ended && !args.no_wait {
        ctx.mode.note(&format!("{} is still active: the cancel stays requested", task.task_id));
        return Ok(Exit::StillActive);
    }
    Ok(Exit::Done)
}
