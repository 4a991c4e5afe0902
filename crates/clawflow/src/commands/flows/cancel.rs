//! `clawflow flows cancel`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::{FlowArg, duration_ms};
use crate::commands::client::Client;
use crate::show::{flow_line, flow_name};
use clap::Args;
use clawflow_core::flow::Flow;
use clawflow_engine::api::{FlowCancel, FlowCancelRequest, FlowWait, FlowWaitRequest};
use std::time::{Duration, Instant};

/// Time that a flow has to unwind, beyond the grace of its tasks.
const UNWINDING: Duration = Duration::from_secs(10);
/// The longest wait of one call.
const CALL: Duration = Duration::from_secs(60);

/// Which flow to cancel, and how long to wait.
#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    #[command(flatten)]
    flow: FlowArg,
    /// only if the flow still has this revision
    #[arg(long, value_name = "N")]
    expected_revision: Option<u64>,
    /// why, for the record
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    /// how long to wait for the end [default: cancel.grace and 10s]
    #[arg(long, value_name = "DURATION", value_parser = duration_ms, conflicts_with = "no_wait")]
    wait: Option<u64>,
    /// do not wait for the end
    #[arg(long)]
    no_wait: bool,
}

/// Cancels it.
pub(crate) async fn run(ctx: &Ctx, args: CancelArgs) -> Result<Exit, CliError> {
    let patience = match (args.no_wait, args.wait) {
        (true, _) => Duration::ZERO,
        (false, Some(ms)) => Duration::from_millis(ms),
        (false, None) => ctx.settings.cancel.grace + UNWINDING,
    };
    let client = Client::open(ctx).await?;
    let cancelled = cancel(&client, &args, patience).await;
    let flow = client.close(cancelled).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&flow)?;
    } else {
        let verb = if flow.is_terminal() { "ended" } else { "cancel requested:" };
        ctx.mode.print(&flow_line(verb, &flow))?;
    }
    if flow.is_terminal() || args.no_wait {
        return Ok(Exit::Done);
    }
    if !ctx.mode.json {
        let name = flow_name(&flow);
        ctx.mode.note(&format!("{name} is still active: the cancel stays requested"));
        ctx.mode.note(&format!("hint: clawflow flows why {}", flow.flow_id));
    }
    Ok(Exit::StillActive)
}

async fn cancel(client: &Client, args: &CancelArgs, patience: Duration) -> Result<Flow, CliError> {
    let deadline = Instant::now() + patience;
    let request = FlowCancelRequest {
        flow: args.flow.flow.clone(),
        expected_revision: args.expected_revision,
        reason: args.reason.clone(),
        wait_ms: millis(patience),
    };
    let mut flow = client.call::<FlowCancel>(&request).await?;
    // Asking again would be a second cancel, which ends the unwinding: from here on only look.
    while !flow.is_terminal() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        let flow_id = flow.flow_id.0.clone();
        let request = FlowWaitRequest {
            flow: flow_id,
            after_event: 0,
            timeout_ms: millis(left),
            until_ended: true,
        };
        flow = client.call::<FlowWait>(&request).await?.view.flow;
    }
    Ok(flow)
}

fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.min(CALL).as_millis()).unwrap_or(u64::MAX)
}
