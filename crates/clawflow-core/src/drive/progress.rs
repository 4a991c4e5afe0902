//! Signs of life of a running task.

use super::Draft;
use super::state::{Ctx, Decision, FlowState};
use crate::error::Refusal;
use crate::ids::TaskId;
use crate::step::StepStatus;
use crate::task::{Task, fenced, lively, placed};
use serde_json::json;

/// The running task, if `fence` is still its own.
pub(super) fn running(state: &FlowState, id: &TaskId, fence: u64) -> Result<Task, Refusal> {
    match state.tasks.get(id) {
        Some(task) => fenced(task, fence),
        None => Err(Refusal::state("report on", "no open task")),
    }
}

/// The task's process is known to execute.
///
/// # Errors
/// `invalid_state` for a task that is not running under this fence.
pub fn started(
    state: &FlowState,
    ctx: &mut Ctx,
    task_id: &TaskId,
    fence: u64,
    pid: u32,
    start_time: u64,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let task = running(state, task_id, fence)?;
    let now = draft.now();
    draft.put_task(placed(task, pid, start_time, now));
    if let Some(at) = state.steps.iter().position(|s| s.task_id.as_ref() == Some(task_id))
        && draft.step(at).status == StepStatus::Starting
    {
        draft.set_status(at, StepStatus::Running);
        draft.event("step.running", Some(at), Some(task_id), json!({ "pid": pid }));
    }
    Ok(draft.finish())
}

/// The task reports its progress in one line.
///
/// # Errors
/// `invalid_state` for a task that is not running under this fence.
pub fn progress(
    state: &FlowState,
    ctx: &mut Ctx,
    task_id: &TaskId,
    fence: u64,
    line: &str,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let task = running(state, task_id, fence)?;
    let now = draft.now();
    draft.put_task(lively(task, line, now));
    Ok(draft.finish())
}
