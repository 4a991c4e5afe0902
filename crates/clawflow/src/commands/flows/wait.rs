//! `clawflow flows wait`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::{FlowArg, duration_ms};
use crate::commands::binding::BindingArgs;
use crate::commands::client::Client;
use crate::show::flow_words;
use clap::Args;
use clawflow_core::flow::FlowStatus;
use clawflow_core::wait::{OnResolved, WaitState};
use clawflow_engine::api::{Caller, FlowView, FlowWait, FlowWaitRequest, WAIT_MS_MAX};
use std::time::{Duration, Instant};

/// The longest wait of one call.
const CALL: Duration = Duration::from_millis(WAIT_MS_MAX);
/// Pause between two looks where nobody holds the home, who could tell of news.
const PAUSE: Duration = Duration::from_millis(250);
/// How often in a row the gateway may be lost: a restart is two or three times.
const LOSSES_MAX: u32 = 20;

/// Which flow, and until when.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints the flow's id, its revision and its status. The exit code is 0 when the flow goes on or
has succeeded, 1 when it has ended otherwise, 6 when the time is over. For example:
  clawflow flows run-task \"$flow\" --await -- ./classify
  read -r flow revision status <<< \"$(clawflow flows wait \"$flow\")\"")]
pub(crate) struct WaitArgs {
    #[command(flatten)]
    flow: FlowArg,
    /// until its end; else until it is not parked any more, or what it waits for is there
    #[arg(long)]
    ended: bool,
    /// until its revision is higher than this
    #[arg(long, value_name = "N", conflicts_with = "ended")]
    after_revision: Option<u64>,
    /// give up after this time
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    timeout: Option<u64>,
    #[command(flatten)]
    binding: BindingArgs,
}

impl WaitArgs {
    fn is_over(&self, view: &FlowView) -> bool {
        let flow = &view.flow;
        let parked = matches!(flow.status, FlowStatus::Waiting | FlowStatus::Blocked);
        flow.is_terminal()
            || match self.after_revision {
                Some(known) => flow.revision > known,
                None => !self.ended && (!parked || is_told(view)),
            }
    }
}

/// Whether what the flow waited for is there, and it is its controller that resumes it.
fn is_told(view: &FlowView) -> bool {
    let newest = view.waits.iter().rev().find(|wait| wait.step_id.is_none());
    newest.is_some_and(|wait| {
        wait.on_resolved == Some(OnResolved::Tell)
            && matches!(wait.state, WaitState::Resolved | WaitState::Expired)
            // The flow has not moved since, so it does not wait for something else by now.
            && wait.closed_at.is_some_and(|at| at >= view.flow.updated_at)
    })
}

/// Waits for it.
pub(crate) async fn run(ctx: &Ctx, args: WaitArgs) -> Result<Exit, CliError> {
    let caller = args.binding.caller(ctx)?;
    let give_up = args.timeout.map(|ms| Instant::now() + Duration::from_millis(ms));
    let mut request = FlowWaitRequest {
        flow: args.flow.flow.clone(),
        after_event: 0,
        timeout_ms: 0,
        until_ended: args.ended,
        until_rest: false,
    };
    let mut losses = 0;
    let view = loop {
        let left = give_up.map(|at| at.saturating_duration_since(Instant::now()));
        let patience = left.unwrap_or(CALL).min(CALL);
        let view = match look(ctx, &caller, &mut request, patience).await {
            Err(error) if error.exit == Exit::Unavailable && losses < LOSSES_MAX => {
                // The gateway goes; the next one, or nobody, knows the flow as well.
                losses += 1;
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            view => view?,
        };
        losses = 0;
        if args.is_over(&view) || left.is_some_and(|left| left.is_zero()) {
            break view;
        }
        // By its id: another flow may get its key while this one is waited for.
        request.flow.clone_from(&view.flow.flow_id.0);
        request.after_event = view.last_event;
    };
    match ctx.mode.json {
        true => ctx.mode.print_json(&view.flow)?,
        false => ctx.mode.print(&format!("{}\n", flow_words(&view.flow)))?,
    }
    Ok(match view.flow.status {
        _ if !args.is_over(&view) => Exit::StillActive,
        FlowStatus::Failed | FlowStatus::Cancelled | FlowStatus::Lost => Exit::Failed,
        _ => Exit::Done,
    })
}

/// How the flow stands when it has news, or when the time is over.
async fn look(
    ctx: &Ctx,
    caller: &Caller,
    request: &mut FlowWaitRequest,
    patience: Duration,
) -> Result<FlowView, CliError> {
    let is_first = request.after_event == 0;
    let client = Client::open_as(ctx, caller.clone()).await?;
    let may_wait = client.is_remote();
    request.timeout_ms = if may_wait && !is_first { millis(patience) } else { 0 };
    let asked = client.call::<FlowWait>(request).await;
    let answer = client.close(asked).await?;
    if !may_wait && !is_first {
        // Nobody can change anything while this process holds the home: look, and let go.
        tokio::time::sleep(patience.min(PAUSE)).await;
    }
    Ok(answer.view)
}

fn millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)
}
