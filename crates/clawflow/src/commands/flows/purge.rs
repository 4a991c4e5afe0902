//! `clawflow flows purge`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::{confirmed, moment, word};
use crate::commands::client::Client;
use clap::Args;
use clawflow_core::Millis;
use clawflow_core::flow::FlowStatus;
use clawflow_engine::api::{FlowPurge, FlowPurgeRequest, FlowPurgeResponse};
use std::io::IsTerminal;

/// What to delete.
#[derive(Debug, Args)]
pub(crate) struct PurgeArgs {
    /// one ended flow
    #[arg(value_name = "FLOW", required_unless_present_any = ["ended_before", "status"])]
    #[arg(conflicts_with_all = ["ended_before", "status"])]
    flow: Option<String>,
    /// all that ended before then: a duration ago or a date
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    ended_before: Option<Millis>,
    /// all of these: succeeded, failed, cancelled, lost
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = word::<FlowStatus>)]
    status: Vec<FlowStatus>,
    /// only say what would be deleted
    #[arg(long)]
    dry_run: bool,
    /// do not ask
    #[arg(long, short)]
    yes: bool,
}

/// Deletes them.
pub(crate) async fn run(ctx: &Ctx, args: PurgeArgs) -> Result<Exit, CliError> {
    let many = args.flow.is_none();
    let mut request = FlowPurgeRequest {
        flow: args.flow,
        ended_before: args.ended_before,
        status: args.status,
        dry_run: true,
    };
    let asks = many && !args.yes && !args.dry_run;
    if asks && !std::io::stdin().is_terminal() {
        let error = CliError::usage("nobody can be asked whether to delete these flows");
        return Err(error.hint("add --yes, or --dry-run to see them"));
    }
    let client = Client::open(ctx).await?;
    if asks {
        // Nobody thinks while the home is held: a question may stand for hours.
        let found = client.call::<FlowPurge>(&request).await;
        let found = client.close(found).await?;
        if found.flows.is_empty() || !confirmed(&question(found.flows.len())) {
            return tell(ctx, &FlowPurgeResponse { flows: Vec::new() }, "deleted");
        }
        request.dry_run = false;
        let client = Client::open(ctx).await?;
        let purged = client.call::<FlowPurge>(&request).await;
        return tell(ctx, &client.close(purged).await?, "deleted");
    }
    request.dry_run = args.dry_run;
    let purged = client.call::<FlowPurge>(&request).await;
    let verb = if args.dry_run { "would delete" } else { "deleted" };
    tell(ctx, &client.close(purged).await?, verb)
}

fn tell(ctx: &Ctx, purged: &FlowPurgeResponse, verb: &str) -> Result<Exit, CliError> {
    if ctx.mode.json {
        ctx.mode.print_json(purged)?;
        return Ok(Exit::Done);
    }
    let lines: String = purged.flows.iter().map(|id| format!("{verb} {id}\n")).collect();
    ctx.mode.print(&lines)?;
    if purged.flows.is_empty() {
        ctx.mode.note("nothing to delete");
    }
    Ok(Exit::Done)
}

fn question(flows: usize) -> String {
    format!("delete {flows} flows with their tasks and logs?")
}
