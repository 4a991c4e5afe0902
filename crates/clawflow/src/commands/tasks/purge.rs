//! `clawflow tasks purge`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::{confirmed, moment, word};
use crate::commands::client::Client;
use clap::Args;
use clawflow_core::Millis;
use clawflow_core::task::{Runtime, TaskStatus};
use clawflow_engine::api::{TaskPurge, TaskPurgeRequest, TaskPurgeResponse};
use std::io::IsTerminal;

/// What to delete.
#[derive(Debug, Args)]
pub(crate) struct PurgeArgs {
    /// one ended task that belongs to no flow
    #[arg(value_name = "TASK", conflicts_with_all = FILTERS)]
    #[arg(required_unless_present_any = FILTERS)]
    task: Option<String>,
    /// all that ended before then: a duration ago or a date
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    ended_before: Option<Millis>,
    /// only these: succeeded, failed, timed_out, cancelled, lost
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = word::<TaskStatus>)]
    status: Vec<TaskStatus>,
    /// only on these: cli, acp, subagent, cron, external
    #[arg(long, value_name = "RUNTIME", value_delimiter = ',', value_parser = word::<Runtime>)]
    runtime: Vec<Runtime>,
    /// only those with this label
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    /// only those of this owner
    #[arg(long, value_name = "SESSION")]
    owner: Option<String>,
    /// only say what would be deleted
    #[arg(long)]
    dry_run: bool,
    /// do not ask
    #[arg(long, short)]
    yes: bool,
}

/// What says which tasks, where none is named.
const FILTERS: [&str; 5] = ["ended_before", "status", "runtime", "label", "owner"];

/// Deletes them.
pub(crate) async fn run(ctx: &Ctx, args: PurgeArgs) -> Result<Exit, CliError> {
    let asks = args.task.is_none() && !args.yes && !args.dry_run;
    let mut request = TaskPurgeRequest {
        task: args.task,
        ended_before: args.ended_before,
        status: args.status,
        runtime: args.runtime,
        label: args.label,
        owner: args.owner,
        dry_run: args.dry_run || asks,
    };
    if asks && !std::io::stdin().is_terminal() {
        let error = CliError::usage("nobody can be asked whether to delete these tasks");
        return Err(error.hint("add --yes, or --dry-run to see them"));
    }
    if asks {
        // Nobody thinks while the home is held: a question may stand for hours.
        let found = call(ctx, &request).await?;
        let question = format!("delete {} tasks with their logs?", found.tasks.len());
        if found.tasks.is_empty() || !confirmed(&question) {
            return tell(ctx, &TaskPurgeResponse { tasks: Vec::new() }, "deleted");
        }
        request.dry_run = false;
    }
    let verb = if request.dry_run { "would delete" } else { "deleted" };
    tell(ctx, &call(ctx, &request).await?, verb)
}

async fn call(ctx: &Ctx, request: &TaskPurgeRequest) -> Result<TaskPurgeResponse, CliError> {
    let client = Client::open(ctx).await?;
    let answer = client.call::<TaskPurge>(request).await;
    client.close(answer).await
}

fn tell(ctx: &Ctx, purged: &TaskPurgeResponse, verb: &str) -> Result<Exit, CliError> {
    if ctx.mode.json {
        ctx.mode.print_json(purged)?;
        return Ok(Exit::Done);
    }
    let lines: String = purged.tasks.iter().map(|id| format!("{verb} {id}\n")).collect();
    ctx.mode.print(&lines)?;
    if purged.tasks.is_empty() {
        ctx.mode.note("nothing to delete");
    }
    Ok(Exit::Done)
}
