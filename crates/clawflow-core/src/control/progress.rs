//! Signs of life of a launched child, its flow open or not.

use super::draft::Draft;
use super::state::{ControlDecision, ControlState};
use crate::drive::Ctx;
use crate::error::Refusal;
use crate::ids::TaskId;
use crate::task::{Task, fenced, lively, placed};
use serde_json::{Value, json};

/// The launched child that runs under this fence.
pub(super) fn running(state: &ControlState, id: &TaskId, fence: u64) -> Result<Task, Refusal> {
    match state.tasks.get(id) {
        Some(task) if task.reported => Err(Refusal::state("report on", "run by its caller")),
        Some(task) => fenced(task, fence),
        None => Err(Refusal::state("report on", "no open task")),
    }
}

/// The child's process is known to execute.
///
/// # Errors
/// `invalid_state` for a child that is not running under this fence.
pub fn started(
    state: &ControlState,
    ctx: &mut Ctx,
    task_id: &TaskId,
    fence: u64,
    pid: u32,
    start_time: u64,
) -> Result<ControlDecision, Refusal> {
    let task = running(state, task_id, fence)?;
    let task = placed(task, pid, start_time, ctx.now);
    let mut draft = Draft::new(state, ctx);
    draft.put_task(task);
    draft.event("task.running", Some(task_id), json!({ "pid": pid }));
    Ok(draft.finish())
}

/// The child reports its progress in one line.
///
/// # Errors
/// `invalid_state` for a child that is not running under this fence.
pub fn progress(
    state: &ControlState,
    ctx: &mut Ctx,
    task_id: &TaskId,
    fence: u64,
    line: &str,
) -> Result<ControlDecision, Refusal> {
    let task = running(state, task_id, fence)?;
    let task = lively(task, line, ctx.now);
    let mut draft = Draft::new(state, ctx);
    draft.put_task(task);
    draft.event("task.progress", Some(task_id), Value::Null);
    Ok(draft.finish())
}
