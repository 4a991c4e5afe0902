//! `clawflow flows cancel`.

use super::many::{Deed, ManyArgs, each};
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::duration_ms;
use crate::commands::client::Client;
use crate::show::{flow_line, flow_name};
use clap::Args;
use clawflow_core::flow::{Flow, FlowStatus, SyncMode};
use clawflow_engine::api::{FlowCancel, FlowCancelRequest, FlowWait, FlowWaitRequest, WAIT_MS_MAX};
use std::time::{Duration, Instant};

/// Time that a flow has to unwind, beyond the grace of its tasks.
const UNWINDING: Duration = Duration::from_secs(10);
/// The longest wait of one call.
const CALL: Duration = Duration::from_millis(WAIT_MS_MAX);

/// Which flow to cancel, and how long to wait.
#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    /// the flow: its id, the last 8 or more characters of it, its key or its owner
    #[arg(value_name = "FLOW", required_unless_present = "status", conflicts_with = "status")]
    flow: Option<String>,
    /// only if the flow still has this revision
    #[arg(long, value_name = "N", conflicts_with = "status")]
    expected_revision: Option<u64>,
    /// why, for the record
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    /// how long to wait for the end [default: cancel.grace and 10s]
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    #[arg(conflicts_with_all = ["no_wait", "status"])]
    wait: Option<u64>,
    /// do not wait for the end; of many flows it is never waited for
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    many: ManyArgs,
}

/// Cancels it.
pub(crate) async fn run(ctx: &Ctx, args: CancelArgs) -> Result<Exit, CliError> {
    let Some(flow) = &args.flow else { return cancel_many(ctx, &args).await };
    let patience = match (args.no_wait, args.wait) {
        (true, _) => Duration::ZERO,
        (false, Some(ms)) => Duration::from_millis(ms),
        (false, None) => ctx.settings.cancel.grace + UNWINDING,
    };
    let client = Client::open(ctx).await?;
    let cancelled = cancel(&client, flow, &args, patience).await;
    let flow = client.close(cancelled).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&flow)?;
    } else {
        ctx.mode.print(&flow_line(verb(&flow), &flow))?;
        if flow.sync_mode == SyncMode::GroupMirrored {
            ctx.mode.note("only the watching has ended: the members were not stopped");
        }
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

async fn cancel_many(ctx: &Ctx, args: &CancelArgs) -> Result<Exit, CliError> {
    let deed = Deed {
        verb: "cancel",
        fits: &|status: FlowStatus| !status.is_terminal(),
        // A second cancel would end its unwinding.
        spares: &|flow: &Flow| flow.cancel_requested_at.is_some(),
        unretried: false,
        act: async |client: &Client, flow: &Flow| {
            let flow = cancel(client, flow.flow_id.as_str(), args, Duration::ZERO).await?;
            let line = flow_line(verb(&flow), &flow);
            Ok((flow, line))
        },
    };
    each(ctx, &args.many, deed).await
}

fn verb(flow: &Flow) -> &'static str {
    if flow.is_terminal() { "ended" } else { "cancel requested:" }
}

async fn cancel(
    client: &Client,
    flow: &str,
    args: &CancelArgs,
    patience: Duration,
) -> Result<Flow, CliError> {
    let deadline = Instant::now() + patience;
    let request = FlowCancelRequest {
        flow: flow.to_owned(),
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
            until_rest: false,
        };
        flow = client.call::<FlowWait>(&request).await?.view.flow;
    }
    Ok(flow)
}

fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.min(CALL).as_millis()).unwrap_or(u64::MAX)
}
