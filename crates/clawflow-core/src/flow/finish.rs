//! A controller ends its flow well.

use super::end::end;
use super::guard::{Moved, check, moved};
use super::state::FlowMove;
use super::{Flow, Patch};
use crate::Millis;
use crate::error::Refusal;
use serde_json::json;

/// Ends the flow as succeeded.
///
/// # Errors
/// As every command of a controller.
pub fn finish(
    flow: &Flow,
    expected_revision: Option<u64>,
    patch: Patch,
    now: Millis,
) -> Result<Moved, Refusal> {
    check(flow, expected_revision, FlowMove::Finish)?;
    let mut next = flow.clone();
    patch.without_wait().write(&mut next)?;
    end(&mut next, FlowMove::Finish, None, now)?;
    let data = json!({ "status": next.status });
    Ok(moved(flow, next, now, ("flow.ended", data)))
}
