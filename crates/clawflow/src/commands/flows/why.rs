//! `clawflow flows why`.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::FlowArg;
use crate::commands::client::ask;
use crate::show::{flow_name, why_text};
use clawflow_engine::api::{FlowRef, FlowWhy, FlowWhyResponse};

/// Says why.
pub(crate) async fn run(ctx: &Ctx, args: FlowArg) -> Result<Exit, CliError> {
    let why = ask::<FlowWhy>(ctx, &FlowRef { flow: args.flow }).await?;
    match ctx.mode.json {
        true => ctx.mode.print_json(&why)?,
        false => ctx.mode.print(&text(&why))?,
    }
    Ok(Exit::Done)
}

fn text(why: &FlowWhyResponse) -> String {
    let FlowWhyResponse { flow, summary, reasons, earliest, commands } = why;
    let head = format!("{} is {}: {}", flow_name(flow), flow.status, escape(summary));
    why_text(&head, reasons, *earliest, commands)
}
