//! The turn of a flow that waited in line for another one of its key.

use super::Draft;
use super::advance::advance;
use super::state::{Ctx, Decision, FlowState};
use crate::error::Refusal;
use crate::step::{StepError, StepStatus};
use serde_json::json;

/// Begins a flow that waited in line: it has its key from now on, its time counts, and what is
/// ready starts. That no other flow has the key is for the store to see.
///
/// # Errors
/// `terminal`; `invalid_state` if it is not in line.
pub fn admit(state: &FlowState, ctx: &mut Ctx) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let Some(since) = draft.state.flow.in_line_since.take() else {
        return Err(Refusal::state("admit", "not in line"));
    };
    draft.flow_event("flow.admitted", json!({ "since": since }));
    super::deadline::open(&mut draft);
    advance(&mut draft)?;
    Ok(draft.finish())
}

/// A flow that is cancelled in line has nothing to unwind: another one may be at work on the same.
pub(super) fn leave_line(draft: &mut Draft) {
    if draft.state.flow.in_line_since.take().is_none() {
        return;
    }
    for at in 0..draft.state.steps.len() {
        if draft.step(at).status == StepStatus::Pending {
            let why = StepError::new("cancelled", "cancelled before the flow began");
            draft.end_step(at, StepStatus::Cancelled, Some(why));
        }
    }
}
