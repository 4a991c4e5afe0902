//! The end of a launched child, its flow open or not.

use super::children::child_ended;
use super::draft::Draft;
use super::progress::running;
use super::state::{ControlDecision, ControlState};
use crate::drive::{Ctx, Report, outcome};
use crate::error::Refusal;
use crate::ids::TaskId;
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use crate::task::{TaskMove, settle};
use serde_json::{Value, json};

/// Settles a child by its shim's report, and lets the flow go on.
///
/// # Errors
/// `invalid_state` for a report with another fence or about a child that has ended.
pub fn ended(
    state: &ControlState,
    ctx: &mut Ctx,
    task_id: &TaskId,
    fence: u64,
    report: &Report,
) -> Result<ControlDecision, Refusal> {
    let task = running(state, task_id, fence)?;
    let mut draft = Draft::new(state, ctx);
    let (how, error) = outcome(&task, draft.cancelling(), report);
    let error = error.map(|error| error.message);
    let ended = draft.end_task(task_id, how, |row| settle(row, report, error.as_deref()))?;
    let data = json!({
        "outcome": how, "status": ended.status, "exit": report.exit, "error": ended.error,
        "stop": report.notes,
    });
    draft.event("task.ended", Some(task_id), data);
    draft.about(task_id);
    child_ended(&mut draft, task_id)?;
    Ok(draft.finish())
}

/// Settles a child as lost: nothing of it runs any more (the caller has proved it), and nobody
/// knows what it did. It is never run again by itself.
///
/// # Errors
/// `invalid_state` for a child that is not running under this fence.
pub fn lost(
    state: &ControlState,
    ctx: &mut Ctx,
    task_id: &TaskId,
    fence: u64,
    why: &str,
    evidence: Value,
) -> Result<ControlDecision, Refusal> {
    running(state, task_id, fence)?;
    let mut draft = Draft::new(state, ctx);
    let ended = draft.end_task(task_id, TaskMove::Lose, |row| {
        row.error = Some(cut(why, SUMMARY_CHARS_MAX));
    })?;
    let data = json!({
        "outcome": "lost", "status": ended.status, "why": why, "evidence": evidence,
    });
    draft.event("task.ended", Some(task_id), data);
    draft.about(task_id);
    child_ended(&mut draft, task_id)?;
    Ok(draft.finish())
}
