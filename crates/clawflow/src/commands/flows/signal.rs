//! `clawflow flows signal`.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::binding::BindingArgs;
use crate::commands::client::ask_as;
use crate::commands::input::Input;
use clap::Args;
use clawflow_engine::api::{SignalRequest, SignalResponse, SignalSend};
use serde_json::Value;

/// What has happened.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints `resolved FLOW` for each flow that waited for it, or `kept` if none did: the first that
will wait for it gets it. Without a session it is for the flows of `run.owner`, which are those
that `clawflow run` starts. For example:
  clawflow flows signal reply --key \"$thread\" --payload @reply.json")]
pub(crate) struct SignalArgs {
    /// its name
    #[arg(value_name = "NAME")]
    name: String,
    /// its key; only waits for this key, or for any, take it
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// what it carries: JSON, @FILE or @-
    #[arg(long, value_name = "JSON")]
    payload: Option<String>,
    /// only this flow may take it
    #[arg(long, value_name = "FLOW")]
    flow: Option<String>,
    /// the first answer again if this key was used for the same request in the last 24 hours
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    binding: BindingArgs,
}

/// Tells of it.
pub(crate) async fn run(ctx: &Ctx, args: SignalArgs) -> Result<Exit, CliError> {
    let caller = args.binding.owner_or_own(ctx)?;
    let payload = Input::default().maybe_json("--payload", args.payload.as_deref())?;
    let request = SignalRequest {
        name: args.name,
        key: args.key,
        payload: payload.unwrap_or(Value::Null),
        flow: args.flow,
        idempotency_key: args.idempotency_key,
    };
    let answer = ask_as::<SignalSend>(ctx, caller, &request).await?;
    match ctx.mode.json {
        true => ctx.mode.print_json(&answer)?,
        false => ctx.mode.print(&text(&answer))?,
    }
    Ok(Exit::Done)
}

fn text(answer: &SignalResponse) -> String {
    match answer.kept {
        true => "kept\n".to_owned(),
        false => answer.flows.iter().map(|id| format!("resolved {}\n", escape(id))).collect(),
    }
}
