//! `clawflow flows emit`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::FlowArg;
use crate::commands::binding::BindingArgs;
use crate::commands::client::ask_as;
use crate::commands::input::Input;
use crate::show::flow_words;
use clap::Args;
use clawflow_engine::api::{FlowEmit, FlowEmitRequest};
use serde_json::Value;

/// What to say, and about which flow.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints the flow's id, its revision and its status, and how far the message came. For example:
  clawflow flows emit \"$flow\" 'three threads need you' --event-key classified")]
pub(crate) struct EmitArgs {
    #[command(flatten)]
    flow: FlowArg,
    /// the message; `-` reads standard input
    #[arg(value_name = "TEXT")]
    text: String,
    /// sent once per flow and key
    #[arg(long, value_name = "KEY")]
    event_key: Option<String>,
    /// more, for programs: JSON, @FILE or @-
    #[arg(long, value_name = "JSON")]
    data: Option<String>,
    /// the step at work, for people
    #[arg(long, value_name = "STEP")]
    current_step: Option<String>,
    /// the first answer again if this key was used for the same request in the last 24 hours
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    binding: BindingArgs,
}

/// Sends it to the owner.
pub(crate) async fn run(ctx: &Ctx, args: EmitArgs) -> Result<Exit, CliError> {
    let mut input = Input::default();
    let content = match args.text.as_str() {
        "-" => input.file("TEXT", "-")?.trim_end_matches('\n').to_owned(),
        _ => args.text,
    };
    let request = FlowEmitRequest {
        flow: args.flow.flow,
        content,
        event_key: args.event_key,
        data: input.maybe_json("--data", args.data.as_deref())?.unwrap_or(Value::Null),
        current_step: args.current_step,
        idempotency_key: args.idempotency_key,
    };
    let answer = ask_as::<FlowEmit>(ctx, args.binding.caller(ctx)?, &request).await?;
    match ctx.mode.json {
        true => ctx.mode.print_json(&answer)?,
        false => {
            ctx.mode.print(&format!("{} {}\n", flow_words(&answer.flow), answer.delivery))?;
        }
    }
    Ok(Exit::Done)
}
