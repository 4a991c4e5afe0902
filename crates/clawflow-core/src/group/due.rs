//! The deadline of a member has passed.

use super::draft::Draft;
use super::saw::MISSING;
use super::state::{GroupDecision, GroupState};
use crate::drive::Ctx;
use crate::error::Refusal;
use crate::ids::WaitId;
use crate::step::{Step, StepError, StepStatus};
use crate::wait::WaitState;
use serde_json::json;

/// Says that a member is missing: nothing of it has begun by its deadline.
///
/// # Errors
/// `invalid_state` if the wait is not open, or not due.
pub fn due(state: &GroupState, ctx: &mut Ctx, wait_id: &WaitId) -> Result<GroupDecision, Refusal> {
    let wait = state.waits.get(wait_id).filter(|wait| wait.due_at.is_some_and(|at| at <= ctx.now));
    let at = state.steps.iter().position(|step| step.wait_id.as_ref() == Some(wait_id));
    let (Some(wait), Some(at)) = (wait, at) else {
        return Err(Refusal::state("end", "not due"));
    };
    let mut draft = Draft::new(state, ctx);
    let deadline = wait.due_at.unwrap_or(draft.ctx.now);
    let message = "missing: it had not begun at its deadline";
    let step = Step {
        status: StepStatus::Failed,
        error: Some(StepError::new(MISSING, message)),
        ended_at: Some(deadline),
        ..Step::clone(&state.steps[at])
    };
    draft.put(at, step.clone(), WaitState::Expired);
    draft.event("member.missing", Some(&step), json!({ "deadline": deadline }));
    draft.settle();
    Ok(draft.finish())
}
