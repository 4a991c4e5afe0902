//! `clawflow flows fork`.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::{FlowArg, flow_args, name_and_value};
use crate::commands::client::Client;
use crate::show::flow_name;
use clap::Args;
use clawflow_engine::api::{FlowFork, FlowForkRequest};

/// Which flow to fork, where, and what is to be different.
#[derive(Debug, Args)]
#[command(after_help = "\
The new flow has idempotency keys of its own, so what its steps tell others is not taken for a
repetition. What was recorded before the step stays as it is, whatever the arguments are now. The
old flow stays as it is too; it may still run, if all that the step stands on has ended.")]
pub(crate) struct ForkArgs {
    #[command(flatten)]
    flow: FlowArg,
    /// run this step and all that stands on it anew; what is before it stays as it ended
    #[arg(long, value_name = "STEP")]
    from: String,
    /// an argument that is to be another; may be given more than once
    #[arg(long = "arg", value_name = "NAME=VALUE", value_parser = name_and_value)]
    args: Vec<(String, String)>,
    /// such arguments as a JSON object, for values that are not text
    #[arg(long, value_name = "JSON")]
    args_json: Option<String>,
    /// a name for the new flow, unique among the owner's live flows [default: the file's]
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// the first answer again if this key was used for the same request in the last 24 hours
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

/// Makes the new flow.
pub(crate) async fn run(ctx: &Ctx, args: ForkArgs) -> Result<Exit, CliError> {
    let request = FlowForkRequest {
        flow: args.flow.flow,
        from: args.from,
        args: flow_args(&args.args, args.args_json.as_deref())?,
        key: args.key,
        idempotency_key: args.idempotency_key,
    };
    let client = Client::open(ctx).await?;
    let forked = client.call::<FlowFork>(&request).await;
    if let Ok(flow) = &forked {
        client.hint_if_undriven(ctx, flow).await;
    }
    let flow = client.close(forked).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&flow)?;
        return Ok(Exit::Done);
    }
    let (from, name) = (escape(&request.from), flow_name(&flow));
    let old = flow.fork_of.as_ref().map_or("the flow", |id| id.as_str());
    ctx.mode.print(&format!("{name} is forked from {old}, from {from} on\n"))?;
    if !request.args.is_empty() {
        let stays = "was made with the old arguments and stays as it was recorded";
        ctx.mode.note(&format!("note: what is before {from} {stays}"));
    }
    Ok(Exit::Done)
}
