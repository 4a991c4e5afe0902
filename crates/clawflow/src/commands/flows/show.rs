//! `clawflow flows show`.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::FlowArg;
use crate::commands::client::ask;
use crate::show::{flow_name, flow_view};
use clap::Args;
use clawflow_engine::api::{FlowRef, FlowShow, FlowView};
use serde_json::Value;

/// Which flow to show.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    flow: FlowArg,
    /// print this output of the flow, and nothing else
    #[arg(long, value_name = "KEY")]
    output: Option<String>,
}

/// Shows it.
pub(crate) async fn run(ctx: &Ctx, args: ShowArgs) -> Result<Exit, CliError> {
    let view = ask::<FlowShow>(ctx, &FlowRef { flow: args.flow.flow }).await?;
    match args.output {
        Some(key) => output(ctx, &view, &key)?,
        None if ctx.mode.json => ctx.mode.print_json(&view)?,
        None => ctx.mode.print(&flow_view(&view, ctx.mode))?,
    }
    Ok(Exit::Done)
}

fn output(ctx: &Ctx, view: &FlowView, key: &str) -> Result<(), CliError> {
    let Some(value) = view.flow.outputs.get(key) else {
        let message = format!("{} has no output {}", flow_name(&view.flow), escape(key));
        let known: Vec<&str> = view.flow.outputs.keys().map(String::as_str).collect();
        let hint = match known.as_slice() {
            [] => "it has no outputs yet".to_owned(),
            known => format!("it has {}", known.join(", ")),
        };
        return Err(CliError::new(Exit::NotFound, "not_found", message).hint(hint));
    };
    match value {
        // Into a pipe goes the text itself; on a terminal it must not act.
        Value::String(text) if !ctx.mode.json => ctx.mode.print_text(&format!("{text}\n")),
        value => ctx.mode.print_json(value),
    }
}
