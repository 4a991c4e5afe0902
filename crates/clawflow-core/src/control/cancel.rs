//! Cancel: the intent first, then the stopping of the children, then the end.

use super::children::{child_ended, finalize};
use super::draft::Draft;
use super::state::{ControlDecision, ControlState};
use crate::drive::Ctx;
use crate::effect::Effect;
use crate::error::Refusal;
use crate::flow::{self, Patch, SyncMode, check_tasks};
use crate::ids::TaskId;
use crate::limits::{self, SUMMARY_CHARS_MAX, cut};
use crate::task::{Task, TaskMove, TaskStatus};
use serde_json::json;
use std::sync::Arc;

/// What is said of a recorded child that was not waited for.
const DETACHED: &str = "told to stop, then detached";

/// Records the intent to cancel and lets the children be; the flow ends once none is active, at
/// once if there is none. Children that wait for a slot never start. A second request may still
/// leave a patch.
///
/// # Errors
/// As every command of a controller, except that a cancel requested before is no obstacle.
pub fn request_cancel(
    state: &ControlState,
    ctx: &mut Ctx,
    expected_revision: Option<u64>,
    patch: Patch,
    reason: &str,
) -> Result<ControlDecision, Refusal> {
    let moved = flow::request_cancel(&state.flow, expected_revision, patch, reason, ctx.now)?;
    let mut draft = Draft::new(state, ctx);
    draft.apply(moved);
    draft.close_waits();
    withdraw_queued(&mut draft)?;
    finalize(&mut draft)?;
    Ok(draft.finish())
}

/// Cancels the flow: the intent, then each child. Those that the engine launched are stopped;
/// recorded ones are told and detached, because nobody here can stop them. A second cancel asks
/// again. The flow ends once no child is active.
///
/// # Errors
/// As every command of a controller, except that a cancel requested before is no obstacle.
pub fn cancel(
    state: &ControlState,
    ctx: &mut Ctx,
    expected_revision: Option<u64>,
    reason: &str,
) -> Result<ControlDecision, Refusal> {
    let mut draft = Draft::open_tasks(state, ctx, expected_revision)?;
    if state.flow.sync_mode == SyncMode::TaskMirrored {
        return super::mirror::cancel(draft, reason);
    }
    stop_flow(&mut draft, reason)?;
    Ok(draft.finish())
}

/// The intent, and the stop of all children.
pub(super) fn stop_flow(draft: &mut Draft, reason: &str) -> Result<(), Refusal> {
    let now = draft.now();
    let moved = flow::request_cancel(&draft.state.flow, None, Patch::default(), reason, now)?;
    draft.apply(moved);
    draft.close_waits();
    stop_children(draft, "the flow is cancelled")?;
    finalize(draft)
}

/// Stops every child. What follows for the flow is the caller's.
pub(super) fn stop_children(draft: &mut Draft, why: &str) -> Result<(), Refusal> {
    withdraw_queued(draft)?;
    for task in active(draft) {
        stop_child(draft, &task, why)?;
    }
    Ok(())
}

fn active(draft: &Draft) -> Vec<Arc<Task>> {
    draft.state.tasks.values().cloned().collect()
}

/// Ends the launched children that still wait for a slot: nothing may start any more.
pub(super) fn withdraw_queued(draft: &mut Draft) -> Result<(), Refusal> {
    let waits = |task: &Arc<Task>| task.status == TaskStatus::Queued && !task.reported;
    for task in active(draft).into_iter().filter(waits) {
        let why = match task.attempt {
            1 => "withdrawn before it started",
            _ => "withdrawn before its agent could go on",
        };
        withdraw(draft, &task.task_id, why)?;
    }
    Ok(())
}

fn withdraw(draft: &mut Draft, id: &TaskId, why: &str) -> Result<(), Refusal> {
    let ended = draft.end_task(id, TaskMove::Cancel, |row| {
        row.error = Some(cut(why, SUMMARY_CHARS_MAX));
    })?;
    draft.event("task.ended", Some(id), json!({ "outcome": "cancel", "status": ended.status }));
    Ok(())
}

/// Stops one child, and says whether it has ended with that.
fn stop_child(draft: &mut Draft, task: &Arc<Task>, reason: &str) -> Result<bool, Refusal> {
    let id = &task.task_id;
    if !task.reported && task.status == TaskStatus::Queued {
        withdraw(draft, id, reason)?;
        return Ok(true);
    }
    let now = draft.now();
    if task.cancel_requested_at.is_none() {
        let data = json!({ "reason": limits::reason(reason) });
        draft.event("task.cancel_requested", Some(id), data);
    }
    if !task.reported {
        if task.cancel_requested_at.is_none() {
            let mut row = Task::clone(task);
            row.cancel_requested_at = Some(now);
            draft.put_task(row);
        }
        draft.effect(Effect::Stop(id.clone()));
        return Ok(false);
    }
    let ended = draft.end_task(id, TaskMove::Cancel, |row| {
        row.cancel_requested_at = Some(now);
        row.error = Some(cut(reason, SUMMARY_CHARS_MAX)).filter(|why| !why.trim().is_empty());
        row.terminal_summary = Some(DETACHED.to_owned());
    })?;
    let data = json!({ "outcome": "cancel", "status": ended.status, "summary": DETACHED });
    draft.event("task.ended", Some(id), data);
    Ok(true)
}

/// Stops one child, be its flow open or not: as [`cancel`] does with each.
///
/// # Errors
/// `not_managed` or `engine_owned` for another's flow, `invalid_state` for a task that is not open.
pub fn cancel_task(
    state: &ControlState,
    ctx: &mut Ctx,
    task_id: &TaskId,
    reason: &str,
) -> Result<ControlDecision, Refusal> {
    check_tasks(&state.flow)?;
    let Some(task) = state.tasks.get(task_id) else {
        return Err(Refusal::state("cancel", "not an open task"));
    };
    let mut draft = Draft::new(state, ctx);
    if stop_child(&mut draft, task, reason)? {
        child_ended(&mut draft, task_id)?;
    }
    draft.about(task_id);
    Ok(draft.finish())
}
