//! The end of a cancel.

use super::Flow;
use super::Patch;
use super::end::end;
use super::guard::{Moved, check, moved};
use super::state::FlowMove;
use crate::Millis;
use crate::error::Refusal;
use serde_json::json;

/// Ends a flow whose cancel was requested, once none of its children is active.
///
/// # Errors
/// `invalid_state` if no cancel was requested or a child is still active; else as every command.
pub fn finalize_cancel(flow: &Flow, active_children: usize, now: Millis) -> Result<Moved, Refusal> {
    check(flow, None, FlowMove::FinalizeCancel)?;
    if active_children > 0 {
        return Err(Refusal::state("finalize the cancel of", "still at work"));
    }
    let mut next = flow.clone();
    Patch::default().without_wait().write(&mut next)?;
    end(&mut next, FlowMove::FinalizeCancel, flow.cancel_reason.clone(), now)?;
    let data = json!({ "status": next.status, "error": next.error });
    Ok(moved(flow, next, now, ("flow.ended", data)))
}
