//! The engine goes on with a flow that code drives: what it waited for has come.

use super::guard::{Moved, check, moved};
use super::state::FlowMove;
use super::{Flow, Patch};
use crate::Millis;
use crate::error::Refusal;
use serde_json::Value;

/// Goes on; the wait and the blocker are cleared. `data` is told with it.
///
/// # Errors
/// As every command of a controller; `invalid_state` for a running flow.
pub(crate) fn wake(flow: &Flow, data: Value, now: Millis) -> Result<Moved, Refusal> {
    let status = check(flow, None, FlowMove::Resume)?;
    let mut next = flow.clone();
    Patch::default().without_wait().write(&mut next)?;
    next.status = status;
    next.blocked_task_id = None;
    next.blocked_summary = None;
    Ok(moved(flow, next, now, ("flow.woken", data)))
}
