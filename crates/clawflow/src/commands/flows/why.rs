//! `clawflow flows why`.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::FlowArg;
use crate::commands::client::ask;
use crate::show::{ago, flow_name, now, until};
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
    let now = now();
    let status = why.flow.status;
    let mut out = format!("{} is {status}: {}\n", flow_name(&why.flow), escape(&why.summary));
    for reason in &why.reasons {
        let since = reason.since.map_or_else(String::new, |at| format!(", since {}", ago(at, now)));
        let end = reason.until.map_or_else(String::new, |at| format!(", until {}", until(at, now)));
        out.push_str(&format!("  {}{since}{end}\n", escape(&reason.text)));
    }
    if let Some(at) = why.earliest {
        out.push_str(&format!("it can move by itself at {}\n", until(at, now)));
    }
    if !why.commands.is_empty() {
        out.push_str("what would move it:\n");
    }
    for command in &why.commands {
        out.push_str(&format!("  {}\n", escape(command)));
    }
    out
}
