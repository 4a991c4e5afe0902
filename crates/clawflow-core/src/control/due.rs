//! Points in time that have come.

use super::cancel::{stop_flow, withdraw_queued};
use super::draft::Draft;
use super::set_waiting::DEADLINE;
use super::state::{ControlDecision, ControlState};
use super::wake::resolve;
use crate::drive::Ctx;
use crate::error::Refusal;
use crate::flow::{self, Patch};
use crate::ids::WaitId;
use crate::wait::{OnTimeout, Wait, WaitKind, WaitState};
use serde_json::json;

/// What is said of a flow whose wait was not resolved in time.
const PASSED: &str = "its deadline has passed";

/// The time of an open wait has come: a timer is resolved, a deadline does what was asked for.
///
/// # Errors
/// `not_managed`, `engine_owned`, `terminal`; `invalid_state` if the wait is not open or not due.
pub fn wait_due(
    state: &ControlState,
    ctx: &mut Ctx,
    wait_id: &WaitId,
) -> Result<ControlDecision, Refusal> {
    let mut draft = Draft::open(state, ctx, None)?;
    let now = draft.now();
    let due = |wait: &&std::sync::Arc<Wait>| {
        wait.step_id.is_none() && wait.due_at.is_some_and(|due| due <= now)
    };
    let Some(wait) = state.waits.get(wait_id).filter(due) else {
        return Err(Refusal::state("wake", "not due"));
    };
    if super::budget::is_alarm(wait) {
        draft.close_wait(wait, WaitState::Expired, None);
        super::budget::check(&mut draft);
        return Ok(draft.finish());
    }
    if wait.kind == WaitKind::Timer && wait.target.as_deref() != Some(DEADLINE) {
        resolve(&mut draft, wait, WaitState::Resolved, None)?;
        return Ok(draft.finish());
    }
    match wait.on_timeout.unwrap_or(OnTimeout::Continue) {
        OnTimeout::Continue => resolve(&mut draft, wait, WaitState::Expired, None)?,
        then @ OnTimeout::Fail => {
            expire(&mut draft, wait, then);
            draft.close_waits();
            withdraw_queued(&mut draft)?;
            let flow = &draft.state.flow;
            let moved = flow::fail(flow, None, Patch::default(), Some(PASSED), now)?;
            draft.apply(moved);
        }
        then @ OnTimeout::Cancel => {
            expire(&mut draft, wait, then);
            stop_flow(&mut draft, PASSED)?;
        }
    }
    Ok(draft.finish())
}

fn expire(draft: &mut Draft, wait: &Wait, then: OnTimeout) {
    draft.close_wait(wait, WaitState::Expired, None);
    draft.waits.push(wait.wait_id.clone());
    let data = json!({ "waitId": wait.wait_id, "kind": wait.kind, "then": then });
    draft.event("wait.expired", None, data);
}
