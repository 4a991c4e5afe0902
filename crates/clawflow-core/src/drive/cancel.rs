//! Cancel: the intent first, then the stopping, then the unwinding, then the end.

use super::Draft;
use super::admit::leave_line;
use super::advance::advance;
use super::child::stop_child;
use super::state::{Ctx, Decision, FlowState};
use crate::definition::Phase;
use crate::effect::Effect;
use crate::error::Refusal;
use crate::flow::{check_revision, intend};
use crate::ids::TaskId;
use crate::limits;
use crate::step::{StepError, StepStatus};
use crate::task::{Task, TaskMove, TaskStatus};
use serde_json::json;

/// Records the intent to cancel and stops what is forward. A second cancel stops the unwinding.
///
/// With `expected_revision` the caller says on what it decided.
///
/// # Errors
/// `terminal` for an ended flow, `revision_conflict` if the flow is not at that revision.
pub fn cancel(
    state: &FlowState,
    ctx: &mut Ctx,
    expected_revision: Option<u64>,
    reason: &str,
) -> Result<Decision, Refusal> {
    check_revision(&state.flow, expected_revision)?;
    let mut draft = Draft::open(state, ctx)?;
    if draft.cancelling() {
        stop_unwinding(&mut draft)?;
    } else {
        request(&mut draft, reason);
    }
    advance(&mut draft)?;
    Ok(draft.finish())
}

/// Sets the intent, once, and stops every forward task.
pub(super) fn request(draft: &mut Draft, reason: &str) {
    let now = draft.now();
    if !intend(&mut draft.state.flow, reason, now) {
        return;
    }
    let data = json!({ "reason": draft.state.flow.cancel_reason });
    draft.flow_event("flow.cancel_requested", data);
    leave_line(draft);
    super::budget::give_up(draft);
    for at in draft.phase(Phase::Forward) {
        stop_step(draft, at);
    }
}

/// Stops the step's task: one that waits for a slot never starts, one that may run is stopped, and
/// so is a child flow.
pub(super) fn stop_step(draft: &mut Draft, at: usize) {
    stop_child(draft, at, false);
    if !draft.step(at).status.is_active() {
        return;
    }
    if withdraw(draft, at) {
        let why = match draft.cancelling() {
            true => StepError::new("cancelled", "cancelled before it started"),
            false => StepError::new("timed_out", "the time of the flow was over"),
        };
        draft.end_step(at, StepStatus::Cancelled, Some(why));
    } else if let Some(id) = draft.step(at).task_id.clone() {
        mark(draft, &id);
    }
}

/// Ends the step's task if it still waits for a slot, and says whether it did.
pub(super) fn withdraw(draft: &mut Draft, at: usize) -> bool {
    let Some(id) = draft.step(at).task_id.clone() else { return false };
    if draft.state.tasks.get(&id).is_none_or(|task| task.status != TaskStatus::Queued) {
        return false;
    }
    let never = |row: &mut Task| row.error = Some("withdrawn before it started".to_owned());
    draft.unqueue(&id);
    draft.end_task(&id, TaskMove::Cancel, never).is_ok()
}

/// Marks a running task as one to be stopped.
fn mark(draft: &mut Draft, id: &TaskId) {
    let Some(task) = draft.state.tasks.get(id) else { return };
    if task.cancel_requested_at.is_none() {
        let mut task = Task::clone(task);
        task.cancel_requested_at = Some(draft.ctx.now);
        draft.put_task(task);
    }
    draft.effect(Effect::Stop(id.clone()));
}

/// Stops a task that has used up its own budget: its attempt fails with that.
pub(super) fn stop_spent(draft: &mut Draft, at: Option<usize>, id: &TaskId, up: &str) {
    draft.event("task.budget_used_up", at, Some(id), json!({ "usedUp": up }));
    mark(draft, id);
}

/// Gives up the unwinding: what runs of it is stopped, the rest never starts.
fn stop_unwinding(draft: &mut Draft) -> Result<(), Refusal> {
    if !draft.phase(Phase::Forward).all(|at| draft.step(at).status.is_terminal()) {
        // Still stopping what is forward: that is under way, and is asked for again.
        for at in draft.phase(Phase::Forward) {
            stop_child(draft, at, true);
            stop_step(draft, at);
        }
        return Ok(());
    }
    draft.event("flow.unwinding_cancelled", None, None, serde_json::Value::Null);
    for at in draft.phase(Phase::Finally) {
        stop_step(draft, at);
        if matches!(draft.step(at).status, StepStatus::Pending | StepStatus::Retrying) {
            let why = StepError::new("cancelled", "the unwinding was cancelled");
            draft.end_step(at, StepStatus::Cancelled, Some(why));
        }
    }
    Ok(())
}

/// An operator stops one task of the flow. It is not tried again; its step's `on_error` applies.
///
/// # Errors
/// `terminal` for an ended flow, `invalid_state` for a task that is not open.
pub fn cancel_task(
    state: &FlowState,
    ctx: &mut Ctx,
    task_id: &TaskId,
    reason: &str,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let Some(task) = state.tasks.get(task_id) else {
        return Err(Refusal::state("cancel", "not an open task"));
    };
    let at = state.steps.iter().position(|s| s.task_id.as_ref() == Some(task_id));
    let reason = limits::reason(reason);
    draft.event("task.cancel_requested", at, Some(task_id), json!({ "reason": reason }));
    if task.status == TaskStatus::Running {
        mark(&mut draft, task_id);
        return Ok(draft.finish());
    }
    draft.end_task(task_id, TaskMove::Cancel, |row| row.error = Some(reason))?;
    if let Some(at) = at {
        let why = StepError::new("cancelled", "its task was cancelled before it started");
        draft.end_step(at, StepStatus::Failed, Some(why));
    }
    advance(&mut draft)?;
    Ok(draft.finish())
}
