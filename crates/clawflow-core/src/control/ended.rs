//! The end of a launched child, its flow open or not; or, for an agent that died in its turn, the
//! next attempt in its session.

use super::budget;
use super::children::child_ended;
use super::draft::Draft;
use super::permission;
use super::progress::running;
use super::state::{ControlDecision, ControlState};
use crate::drive::{Ctx, Report, outcome};
use crate::effect::Effect;
use crate::error::Refusal;
use crate::flow::{SyncMode, check_tasks};
use crate::ids::TaskId;
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use crate::task::{Task, TaskMove, is_broken_off, may_go_on, requeued, settle};
use serde_json::{Value, json};

/// Settles a child by its shim's report, and lets the flow go on. An agent that died in its turn is
/// asked to go on, if it can.
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
    if how == TaskMove::Lose && is_broken_off(report) && goes_on(&draft, &task, Some(report)) {
        let why = error.unwrap_or_default();
        return go_on(draft, &task, &why, (Some(report), report.notes.clone()));
    }
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
/// knows what it did. It is never run again by itself; but an agent is asked to go on where it was.
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
    let task = running(state, task_id, fence)?;
    let mut draft = Draft::new(state, ctx);
    if goes_on(&draft, &task, None) {
        return go_on(draft, &task, why, (None, evidence));
    }
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

/// Whether the agent of this child is to go on: nothing begins in a flow that has ended or is to be
/// cancelled.
fn goes_on(draft: &Draft, task: &Task, report: Option<&Report>) -> bool {
    let flow = &draft.state.flow;
    may_go_on(task, report)
        && !draft.cancelling()
        && !flow.is_terminal()
        && check_tasks(flow).is_ok()
}

/// Has the child wait for its next attempt. It has not ended: nobody is told, and who waits for it
/// waits on. What its agent has asked people is void with its turn.
fn go_on(
    mut draft: Draft,
    task: &Task,
    why: &str,
    (report, evidence): (Option<&Report>, Value),
) -> Result<ControlDecision, Refusal> {
    let id = &task.task_id;
    let next = requeued(task, report, draft.now())?;
    let data = json!({
        "why": cut(why, SUMMARY_CHARS_MAX), "attempt": task.attempt, "usage": next.usage,
        "evidence": evidence,
    });
    draft.put_task(next);
    permission::void(&mut draft, id);
    draft.event("task.interrupted", Some(id), data);
    draft.about(id);
    draft.effect(Effect::Queued(id.clone()));
    if draft.state.flow.sync_mode == SyncMode::Managed {
        budget::check(&mut draft);
    }
    Ok(draft.finish())
}
