//! Pause: holds back starts, and nothing else.

use super::Draft;
use super::advance::advance;
use super::state::{Ctx, Decision, FlowState};
use crate::effect::Effect;
use crate::error::Refusal;
use crate::flow::{check_revision, hold, release};
use crate::limits;
use crate::task::TaskStatus;
use serde_json::{Value, json};

/// Holds back every start. What runs goes on; deadlines and answers apply.
///
/// # Errors
/// `terminal`, `cancel_requested`, `revision_conflict`; `invalid_state` if it is paused already.
pub fn pause(
    state: &FlowState,
    ctx: &mut Ctx,
    expected_revision: Option<u64>,
    reason: &str,
) -> Result<Decision, Refusal> {
    check_revision(&state.flow, expected_revision)?;
    let mut draft = Draft::open(state, ctx)?;
    let now = draft.now();
    hold(&mut draft.state.flow, now)?;
    draft.flow_event("flow.paused", json!({ "reason": limits::reason(reason) }));
    Ok(draft.finish())
}

/// Allows starts again, and starts what is ready.
///
/// # Errors
/// `terminal`, `revision_conflict`; `invalid_state` if it is not paused.
pub fn unpause(
    state: &FlowState,
    ctx: &mut Ctx,
    expected_revision: Option<u64>,
) -> Result<Decision, Refusal> {
    check_revision(&state.flow, expected_revision)?;
    let mut draft = Draft::open(state, ctx)?;
    release(&mut draft.state.flow)?;
    draft.flow_event("flow.unpaused", Value::Null);
    let queued: Vec<Effect> = draft
        .state
        .tasks
        .values()
        .filter(|task| task.status == TaskStatus::Queued)
        .map(|task| Effect::Queued(task.task_id.clone()))
        .collect();
    queued.into_iter().for_each(|effect| draft.effect(effect));
    advance(&mut draft)?;
    Ok(draft.finish())
}
