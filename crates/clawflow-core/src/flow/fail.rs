//! A controller ends its flow badly.

use super::end::end;
use super::guard::{Moved, check, moved};
use super::state::FlowMove;
use super::{Flow, Patch};
use crate::Millis;
use crate::error::Refusal;
use serde_json::json;

/// Ends the flow as failed, with the reason if there is one to tell.
///
/// # Errors
/// As every command of a controller.
pub fn fail(
    flow: &Flow,
    expected_revision: Option<u64>,
    patch: Patch,
    error: Option<&str>,
    now: Millis,
) -> Result<Moved, Refusal> {
    check(flow, expected_revision, FlowMove::Fail)?;
    let mut next = flow.clone();
    patch.without_wait().write(&mut next)?;
    let error = error.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    end(&mut next, FlowMove::Fail, error, now)?;
    let data = json!({ "status": next.status, "error": next.error });
    Ok(moved(flow, next, now, ("flow.ended", data)))
}
