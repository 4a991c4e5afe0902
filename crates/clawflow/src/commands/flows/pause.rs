//! `clawflow flows pause` and `clawflow flows unpause`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::FlowArg;
use crate::commands::client::Client;
use crate::show::flow_line;
use clap::Args;
use clawflow_engine::api::{FlowPause, FlowPauseRequest, FlowUnpause};

/// Which flow to hold back or let go.
#[derive(Debug, Args)]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    flow: FlowArg,
    /// only if the flow still has this revision
    #[arg(long, value_name = "N")]
    expected_revision: Option<u64>,
    /// why, for the record
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
}

/// Does it.
pub(crate) async fn run(ctx: &Ctx, args: PauseArgs, pause: bool) -> Result<Exit, CliError> {
    let request = FlowPauseRequest {
        flow: args.flow.flow,
        expected_revision: args.expected_revision,
        reason: args.reason,
    };
    let client = Client::open(ctx).await?;
    let changed = match pause {
        true => client.call::<FlowPause>(&request).await,
        false => client.call::<FlowUnpause>(&request).await,
    };
    if let (Ok(flow), false) = (&changed, pause) {
        client.hint_if_undriven(ctx, flow).await;
    }
    let flow = client.close(changed).await?;
    match ctx.mode.json {
        true => ctx.mode.print_json(&flow)?,
        false => {
            let verb = if pause { "paused" } else { "unpaused" };
            ctx.mode.print(&flow_line(verb, &flow))?;
        }
    }
    Ok(Exit::Done)
}
