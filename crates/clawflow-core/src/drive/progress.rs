//! Signs of life of a running task.

use super::Draft;
use super::state::{Ctx, Decision, FlowState};
use crate::error::Refusal;
use crate::ids::TaskId;
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use crate::step::StepStatus;
use crate::task::{Task, TaskStatus};
use serde_json::json;

/// The running task, if `fence` is still its own.
pub(super) fn fenced(state: &FlowState, id: &TaskId, fence: u64) -> Result<Task, Refusal> {
    match state.tasks.get(id) {
        Some(task) if task.fence != fence => Err(Refusal::state("report on", "of another fence")),
        Some(task) if task.status == TaskStatus::Running => Ok(Task::clone(task)),
        Some(task) => Err(Refusal::state("report on", task.status.as_str())),
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
    let mut task = fenced(state, task_id, fence)?;
    if let Some(executor) = &mut task.executor {
        executor.pid = Some(pid);
        executor.start_time = Some(start_time);
    }
    task.last_event_at = draft.now();
    draft.put_task(task);
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
    let mut task = fenced(state, task_id, fence)?;
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    task.progress_summary = (!line.is_empty()).then(|| cut(&line, SUMMARY_CHARS_MAX));
    task.last_event_at = draft.now();
    draft.put_task(task);
    Ok(draft.finish())
}
