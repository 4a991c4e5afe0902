//! Pause holds back starts of children, and nothing else.

use super::Flow;
use super::guard::{Moved, check, check_move, moved};
use super::state::FlowMove;
use crate::Millis;
use crate::error::Refusal;
use crate::limits;
use serde_json::{Value, json};

/// Holds back every start of a child.
///
/// # Errors
/// As every command of a controller; `invalid_state` if it is paused already.
pub fn pause(
    flow: &Flow,
    expected_revision: Option<u64>,
    reason: &str,
    now: Millis,
) -> Result<Moved, Refusal> {
    check(flow, expected_revision, FlowMove::Pause)?;
    let mut next = flow.clone();
    hold(&mut next, now)?;
    Ok(moved(flow, next, now, ("flow.paused", json!({ "reason": limits::reason(reason) }))))
}

/// Allows starts again.
///
/// # Errors
/// As every command of a controller; `invalid_state` if it is not paused.
pub fn unpause(flow: &Flow, expected_revision: Option<u64>, now: Millis) -> Result<Moved, Refusal> {
    check(flow, expected_revision, FlowMove::Unpause)?;
    let mut next = flow.clone();
    release(&mut next)?;
    Ok(moved(flow, next, now, ("flow.unpaused", Value::Null)))
}

/// Holds back starts, in the row.
pub(crate) fn hold(flow: &mut Flow, now: Millis) -> Result<(), Refusal> {
    flow.status = check_move(flow, FlowMove::Pause)?;
    flow.paused_at = Some(now);
    Ok(())
}

/// Allows starts again, in the row.
pub(crate) fn release(flow: &mut Flow) -> Result<(), Refusal> {
    flow.status = check_move(flow, FlowMove::Unpause)?;
    flow.paused_at = None;
    Ok(())
}
