//! Gives a queued task its slot.

use super::Draft;
use super::state::{Ctx, Decision, FlowState};
use crate::effect::Effect;
use crate::error::{Code, Refusal};
use crate::ids::TaskId;
use crate::task::claimed;
use serde_json::json;

/// Lets a queued task execute. From the commit of this unit on it counts as running.
///
/// # Errors
/// `cancel_requested`, `paused` or `terminal` where nothing may start; `invalid_state` if the task
/// is not queued any more.
pub fn claim(state: &FlowState, ctx: &mut Ctx, task_id: &TaskId) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let Some(at) = state.steps.iter().position(|s| s.task_id.as_ref() == Some(task_id)) else {
        return Err(Refusal::state("claim", "not the newest attempt of a step"));
    };
    let unwinding = draft.def(at).phase == crate::definition::Phase::Finally;
    if draft.cancelling() && !unwinding {
        return Err(Refusal::new(Code::CancelRequested, "a cancel was requested"));
    }
    if draft.state.flow.paused_at.is_some() && !draft.cancelling() {
        return Err(Refusal::new(Code::Paused, "the flow is paused"));
    }
    if draft.is_held(at) {
        return Err(Refusal::new(Code::Paused, "the budget of the flow is used up"));
    }
    let Some(task) = state.tasks.get(task_id) else {
        return Err(Refusal::state("claim", "no open task"));
    };
    let task = claimed(task, draft.ctx)?;
    draft.event("step.started", Some(at), Some(task_id), json!({ "attempt": task.attempt }));
    draft.put_task(task);
    draft.effect(Effect::Start(task_id.clone()));
    Ok(draft.finish())
}
