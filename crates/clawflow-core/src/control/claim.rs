//! Gives a queued child its slot.

use super::draft::Draft;
use super::state::{ControlDecision, ControlState};
use crate::drive::Ctx;
use crate::effect::Effect;
use crate::error::{Code, Refusal};
use crate::ids::TaskId;
use crate::task::claimed;
use serde_json::json;

/// Lets a queued child execute. From the commit of this unit on it counts as running.
///
/// # Errors
/// `not_managed`, `engine_owned`, `terminal`, `cancel_requested` or `paused` where nothing may
/// start; `invalid_state` if the child is not queued any more or its caller runs it.
pub fn claim(
    state: &ControlState,
    ctx: &mut Ctx,
    task_id: &TaskId,
) -> Result<ControlDecision, Refusal> {
    let mut draft = Draft::open_tasks(state, ctx, None)?;
    if draft.cancelling() {
        return Err(Refusal::new(Code::CancelRequested, "a cancel was requested"));
    }
    if state.flow.paused_at.is_some() {
        return Err(Refusal::new(Code::Paused, "the flow is paused"));
    }
    if state.flow.held_at.is_some() {
        return Err(Refusal::new(Code::Paused, "the budget of the flow is used up"));
    }
    let Some(task) = state.tasks.get(task_id).filter(|task| !task.reported) else {
        return Err(Refusal::state("claim", "no open task of the engine"));
    };
    draft.put_task(claimed(task, draft.ctx)?);
    draft.about(task_id);
    draft.event("task.started", Some(task_id), json!({ "attempt": task.attempt }));
    draft.effect(Effect::Start(task_id.clone()));
    Ok(draft.finish())
}
