//! Pause: holds back starts, and nothing else.

use super::draft::Draft;
use super::state::{ControlDecision, ControlState};
use crate::drive::Ctx;
use crate::effect::Effect;
use crate::error::Refusal;
use crate::flow;
use crate::task::TaskStatus;

/// Holds back every start of a child. What runs goes on; deadlines and answers apply.
///
/// # Errors
/// As every command of a controller; `invalid_state` if it is paused already.
pub fn pause(
    state: &ControlState,
    ctx: &mut Ctx,
    expected_revision: Option<u64>,
    reason: &str,
) -> Result<ControlDecision, Refusal> {
    let moved = flow::pause(&state.flow, expected_revision, reason, ctx.now)?;
    let mut draft = Draft::new(state, ctx);
    draft.apply(moved);
    Ok(draft.finish())
}

/// Allows starts again, and queues what waits for a slot.
///
/// # Errors
/// As every command of a controller; `invalid_state` if it is not paused.
pub fn unpause(
    state: &ControlState,
    ctx: &mut Ctx,
    expected_revision: Option<u64>,
) -> Result<ControlDecision, Refusal> {
    let moved = flow::unpause(&state.flow, expected_revision, ctx.now)?;
    let mut draft = Draft::new(state, ctx);
    draft.apply(moved);
    if !draft.cancelling() {
        let waits = |task: &&std::sync::Arc<_>| is_waiting_for_slot(task);
        for task in state.tasks.values().filter(waits) {
            draft.effect(Effect::Queued(task.task_id.clone()));
        }
    }
    Ok(draft.finish())
}

/// Whether the engine will start the child once there is a slot.
fn is_waiting_for_slot(task: &crate::task::Task) -> bool {
    task.status == TaskStatus::Queued && !task.reported
}
