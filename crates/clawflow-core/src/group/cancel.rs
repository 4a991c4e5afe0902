//! The end of the watching. What is watched goes on.

use super::draft::Draft;
use super::state::{GroupDecision, GroupState};
use crate::drive::Ctx;
use crate::error::Refusal;
use crate::flow::{FlowStatus, check_revision, intend};
use crate::step::{Step, StepError, StepStatus};
use crate::wait::WaitState;
use serde_json::json;

/// What its row says of what it has not done.
const UNTOUCHED: &str = "only the watching has ended: its members were not stopped";

/// Ends the group, and nothing else.
///
/// # Errors
/// `revision_conflict`, and `terminal` if it has ended.
pub fn cancel(
    state: &GroupState,
    ctx: &mut Ctx,
    expected_revision: Option<u64>,
    reason: &str,
) -> Result<GroupDecision, Refusal> {
    check_revision(&state.flow, expected_revision)?;
    if state.flow.is_terminal() {
        return Err(Refusal::terminal(state.flow.status));
    }
    let mut draft = Draft::new(state, ctx);
    let now = draft.ctx.now;
    let open = |step: &Step| !step.status.is_terminal();
    for at in 0..state.steps.len() {
        let step = &state.steps[at];
        if open(step) {
            let row = Step {
                status: StepStatus::Cancelled,
                ended_at: Some(now.max(step.started_at.unwrap_or(now))),
                error: Some(StepError::new("unwatched", "nobody looks any more how it goes")),
                ..Step::clone(step)
            };
            draft.put(at, row, WaitState::Cancelled);
        }
    }
    let from = state.flow.status;
    let flow = &mut draft.state.flow;
    intend(flow, reason, now);
    flow.status = FlowStatus::Cancelled;
    flow.error = Some(UNTOUCHED.to_owned());
    flow.current_step = None;
    flow.ended_at = Some(now.max(flow.created_at));
    let data = json!({ "from": from, "to": FlowStatus::Cancelled, "reason": flow.cancel_reason,
        "summary": UNTOUCHED });
    draft.event("flow.cancelled", None, data);
    Ok(draft.finish())
}
