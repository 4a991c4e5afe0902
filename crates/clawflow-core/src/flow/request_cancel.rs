//! The intent to cancel: persisted first, never taken back.

use super::guard::{Moved, check, moved};
use super::state::FlowMove;
use super::{Flow, Patch};
use crate::Millis;
use crate::error::Refusal;
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use serde_json::json;

/// Records the intent to cancel a flow that code drives, once; the status stays. A second request
/// may still leave a patch. (`drive::cancel` does the same for a flow of the engine.)
///
/// # Errors
/// As every command of a controller, except that a cancel requested before is no obstacle.
pub fn request_cancel(
    flow: &Flow,
    expected_revision: Option<u64>,
    patch: Patch,
    reason: &str,
    now: Millis,
) -> Result<Moved, Refusal> {
    check(flow, expected_revision, FlowMove::RequestCancel)?;
    let mut next = flow.clone();
    patch.write(&mut next)?;
    intend(&mut next, reason, now);
    let data = json!({ "reason": next.cancel_reason });
    Ok(moved(flow, next, now, ("flow.cancel_requested", data)))
}

/// Sets the intent in the row; false if it was set before.
pub(crate) fn intend(flow: &mut Flow, reason: &str, now: Millis) -> bool {
    if flow.cancel_requested_at.is_some() {
        return false;
    }
    flow.cancel_requested_at = Some(now);
    let reason = reason.trim();
    flow.cancel_reason = (!reason.is_empty()).then(|| cut(reason, SUMMARY_CHARS_MAX));
    true
}
