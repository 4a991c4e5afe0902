//! `clawflow cron status`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::client::ask;
use crate::show::{now, until};
use clawflow_engine::api::{Nothing, ScheduleStatus, ScheduleStatusResponse};

/// Says it.
pub(crate) async fn run(ctx: &Ctx) -> Result<Exit, CliError> {
    let status = ask::<ScheduleStatus>(ctx, &Nothing::default()).await?;
    match ctx.mode.json {
        true => ctx.mode.print_json(&status)?,
        false => ctx.mode.print(&text(&status))?,
    }
    if !status.fires && !ctx.mode.json {
        ctx.mode.note("hint: clawflow gateway run, or clawflow gateway install");
    }
    Ok(Exit::Done)
}

fn text(status: &ScheduleStatusResponse) -> String {
    let fires = match status.fires {
        true => "a gateway runs and fires them",
        false => "no gateway runs: nothing fires until one does",
    };
    let next = match status.next_at {
        Some(at) => format!("\nnext: {}", until(at, now())),
        None => String::new(),
    };
    format!("{fires}\n{} enabled · {} total{next}\n", status.enabled, status.total)
}
