//! `clawflow tasks maintenance`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::client::ask;
use clap::Args;
use clawflow_engine::api::{MaintenanceRequest, MaintenanceSweep};
use serde_json::json;

/// Whether to do it.
#[derive(Debug, Args)]
#[command(after_help = "\
A gateway does it every minute by itself. How long records are kept: retention.* in the settings.")]
pub(crate) struct MaintenanceArgs {
    /// do it, instead of only showing what would be done
    #[arg(long)]
    apply: bool,
}

/// Sweeps, or shows what a sweep would do.
pub(crate) async fn run(ctx: &Ctx, args: MaintenanceArgs) -> Result<Exit, CliError> {
    let retention = (&ctx.settings.retention).into();
    let request = MaintenanceRequest { apply: args.apply, retention };
    let swept = ask::<MaintenanceSweep>(ctx, &request).await?;
    if ctx.mode.json {
        let mode = if args.apply { "apply" } else { "preview" };
        let pruned = json!({ "flows": swept.flows, "tasks": swept.tasks });
        ctx.mode.print_json(&json!({ "mode": mode, "pruned": pruned }))?;
        return Ok(Exit::Done);
    }
    let verb = if args.apply { "deleted" } else { "would be deleted" };
    let text = format!("{} flows and {} tasks {verb}\n", swept.flows, swept.tasks);
    ctx.mode.print(&text)?;
    if !args.apply {
        ctx.mode.note("hint: nothing was changed: add --apply");
    }
    Ok(Exit::Done)
}
