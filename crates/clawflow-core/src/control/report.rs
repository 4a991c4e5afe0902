//! What a caller reports of a child that it runs.

use super::children::child_ended;
use super::draft::Draft;
use super::state::{ControlDecision, ControlState};
use crate::drive::Ctx;
use crate::error::{Code, Refusal};
use crate::flow::check_tasks;
use crate::task::{
    Task, TaskMove, TaskReport, TaskStatus, check_report as check, ended_as as how, is_recorded,
    next_status, order_times, summary_of_end as end_of, write, write_end,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Takes over a report about `task`, a recorded child of the flow; for one that has ended the row
/// as the store has it. The flow may have ended. An end lets the flow go on. A late end of a
/// cancelled child is told by an event and changes nothing; a lost child takes its true outcome,
/// which is a finding only: what waited for it has moved on. An end that is reported again, as by
/// somebody whose answer was lost, changes nothing.
///
/// # Errors
/// `not_managed`, or `engine_owned` for more than progress and use of a child that the engine runs;
/// `terminal` for one that has
/// ended otherwise; `invalid_state` from `running` back to `queued`; `invalid` for what cannot be.
pub fn report(
    state: &ControlState,
    ctx: &mut Ctx,
    task: &Arc<Task>,
    report: &TaskReport,
) -> Result<ControlDecision, Refusal> {
    check_tasks(&state.flow)?;
    let was = state.tasks.get(&task.task_id).unwrap_or(task);
    if !was.reported {
        return super::budget::reported(state, ctx, &was.task_id, report);
    }
    if was.parent_flow_id.as_ref() != Some(&state.flow.flow_id) {
        return Err(Refusal::new(Code::Invalid, "the task is not one of the flow's"));
    }
    let draft = Draft::new(state, ctx);
    if was.status.is_terminal() {
        return late(draft, was, report);
    }
    check(was, report)?;
    match report.status.filter(|status| status.is_terminal()) {
        Some(end) => settle(draft, was, end, report),
        None => go_on(draft, was, report),
    }
}

/// Progress, or the start.
fn go_on(
    mut draft: Draft,
    was: &Arc<Task>,
    report: &TaskReport,
) -> Result<ControlDecision, Refusal> {
    let id = &was.task_id;
    let now = draft.now();
    let mut task = Task::clone(was);
    match (was.status, report.status) {
        (TaskStatus::Queued, Some(TaskStatus::Running)) => {
            task.status = next_status(task.status, TaskMove::Claim)?;
            task.started_at = Some(report.started_at.or(report.last_event_at).unwrap_or(now));
        }
        (TaskStatus::Running, Some(TaskStatus::Queued)) => {
            return Err(Refusal::state("queue", was.status.as_str()));
        }
        _ => {}
    }
    write(&mut task, report, now);
    if task.status == TaskStatus::Queued {
        task.started_at = None;
    }
    order_times(&mut task);
    let started = task.status != was.status;
    let told = task.progress_summary != was.progress_summary || task.usage != was.usage;
    let data = json!({ "progress": task.progress_summary, "usage": task.usage });
    let usage_told = task.usage != was.usage;
    let row = task.clone();
    draft.put_task(task);
    draft.about(id);
    if started {
        draft.event("task.started", Some(id), Value::Null);
    }
    if usage_told {
        super::budget::spent(&mut draft, &row);
        super::budget::check(&mut draft);
    }
    // A sign of life alone is in the row, not in the history.
    if told {
        draft.event("task.progress", Some(id), data);
    }
    Ok(draft.finish())
}

/// The end.
fn settle(
    mut draft: Draft,
    was: &Arc<Task>,
    end: TaskStatus,
    report: &TaskReport,
) -> Result<ControlDecision, Refusal> {
    let id = &was.task_id;
    let now = draft.now();
    let begun = was.status == TaskStatus::Running
        || matches!(end, TaskStatus::Succeeded | TaskStatus::TimedOut);
    if was.status == TaskStatus::Queued && begun {
        // Its start was not reported, but it must have been.
        let mut task = Task::clone(was);
        task.status = next_status(task.status, TaskMove::Claim)?;
        task.started_at = report.started_at.or(report.ended_at).or(Some(now));
        draft.put_task(task);
    }
    let ended = draft.end_task(id, how(end), |row| {
        write_end(row, report, now);
        row.started_at = row.started_at.filter(|_| begun || report.started_at.is_some());
    })?;
    draft.event("task.ended", Some(id), end_of(&ended));
    draft.about(id);
    child_ended(&mut draft, id)?;
    Ok(draft.finish())
}

/// A report about a child that has ended.
fn late(
    mut draft: Draft,
    was: &Arc<Task>,
    report: &TaskReport,
) -> Result<ControlDecision, Refusal> {
    let refused = || {
        let message = format!("the task is already {}", was.status);
        Err(Refusal::new(Code::Terminal, message))
    };
    let Some(end) = report.status.filter(|status| status.is_terminal()) else { return refused() };
    if is_recorded(was, report) {
        let mut decision = draft.finish();
        decision.task = Some(was.clone());
        return Ok(decision);
    }
    let now = draft.now();
    match was.status {
        TaskStatus::Cancelled => {
            check(was, report)?;
            let mut seen = Task::clone(was);
            seen.status = end;
            write_end(&mut seen, report, now);
            let mut data = end_of(&seen);
            data["endedAt"] = json!(seen.ended_at);
            draft.event("task.late_end", Some(&was.task_id), data);
            let mut decision = draft.finish();
            decision.task = Some(was.clone());
            Ok(decision)
        }
        TaskStatus::Lost => {
            let mut task = Task::clone(was);
            task.status = next_status(was.status, how(end))?;
            check(was, report)?;
            write_end(&mut task, report, now);
            let mut data = end_of(&task);
            data["was"] = json!(was.status);
            draft.event("task.corrected", Some(&was.task_id), data);
            draft.state.ended.correct(was, &task);
            draft.correct_task(was, task);
            Ok(draft.finish())
        }
        _ => refused(),
    }
}
