//! A controller goes on with its parked flow.

use super::guard::{Moved, check, moved};
use super::state::FlowMove;
use super::{Flow, Patch};
use crate::Millis;
use crate::error::Refusal;
use serde_json::json;

/// Whether [`resume`] is for this flow at all.
///
/// # Errors
/// As every command of a controller; `invalid_state` for a running flow.
pub fn may_resume(flow: &Flow, expected_revision: Option<u64>) -> Result<(), Refusal> {
    check(flow, expected_revision, FlowMove::Resume).map(|_| ())
}

/// Goes on, at once or `queued` for later. What it waited for and what blocked it is cleared.
///
/// # Errors
/// As every command of a controller; `invalid_state` for a running flow.
pub fn resume(
    flow: &Flow,
    expected_revision: Option<u64>,
    patch: Patch,
    queued: bool,
    now: Millis,
) -> Result<Moved, Refusal> {
    let flow_move = if queued { FlowMove::Requeue } else { FlowMove::Resume };
    let status = check(flow, expected_revision, flow_move)?;
    let mut next = flow.clone();
    patch.without_wait().write(&mut next)?;
    next.status = status;
    next.blocked_task_id = None;
    next.blocked_summary = None;
    let data = json!({ "status": status, "step": next.current_step });
    Ok(moved(flow, next, now, ("flow.resumed", data)))
}
