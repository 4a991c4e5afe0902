//! What a caller reports of a child that it runs.

use super::children::child_ended;
use super::draft::Draft;
use super::state::{ControlDecision, ControlState, is_good};
use crate::Millis;
use crate::drive::Ctx;
use crate::error::{Code, Refusal};
use crate::flow::check_driver;
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use crate::task::{Task, TaskMove, TaskStatus, TerminalOutcome, Usage, next_status, order_times};
use serde_json::{Value, json};
use std::sync::Arc;

/// What is known of a child. What is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChildReport {
    /// Where it stands.
    pub status: Option<TaskStatus>,
    /// One line of progress.
    pub progress_summary: Option<String>,
    /// One line about its end.
    pub terminal_summary: Option<String>,
    /// What it really reached, with `succeeded`.
    pub terminal_outcome: Option<TerminalOutcome>,
    /// Why it failed.
    pub error: Option<String>,
    /// When it began.
    pub started_at: Option<Millis>,
    /// Its last sign of life.
    pub last_event_at: Option<Millis>,
    /// When it ended.
    pub ended_at: Option<Millis>,
    /// What it has used so far.
    pub usage: Option<Usage>,
}

/// Takes over a report about `task`, a recorded child of the flow; for one that has ended the row
/// as the store has it. The flow may have ended. An end lets the flow go on. A late end of a
/// cancelled child is told by an event and changes nothing; a lost child takes its true outcome,
/// which is a finding only: what waited for it has moved on. An end that is reported again, as by
/// somebody whose answer was lost, changes nothing.
///
/// # Errors
/// `not_managed`, or `engine_owned` for a child that the engine runs; `terminal` for one that has
/// ended otherwise; `invalid_state` from `running` back to `queued`; `invalid` for what cannot be.
pub fn report(
    state: &ControlState,
    ctx: &mut Ctx,
    task: &Arc<Task>,
    report: &ChildReport,
) -> Result<ControlDecision, Refusal> {
    check_driver(&state.flow)?;
    let was = state.tasks.get(&task.task_id).unwrap_or(task);
    if !was.reported {
        return Err(Refusal::new(Code::EngineOwned, "the engine runs this task and sees its end"));
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

/// Validity of what is said.
fn check(was: &Task, report: &ChildReport) -> Result<(), Refusal> {
    let invalid = |message: &str| Err(Refusal::new(Code::Invalid, message));
    let status = report.status.unwrap_or(was.status);
    if report.terminal_outcome.is_some() && status != TaskStatus::Succeeded {
        return invalid("only a task that succeeded has a terminal outcome");
    }
    if !status.is_terminal() && report.ended_at.is_some() {
        return invalid("only a task that has ended has an end");
    }
    let times = [report.started_at, report.last_event_at, report.ended_at];
    if times.into_iter().flatten().any(|at| at < 0) {
        return invalid("a time is before 1970");
    }
    let cost = report.usage.as_ref().and_then(|usage| usage.cost_usd);
    if cost.is_some_and(|cost| !cost.is_finite() || cost < 0.0) {
        return invalid("the cost is negative or no number");
    }
    Ok(())
}

fn line(text: Option<&String>) -> Option<String> {
    let text = text.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    text.filter(|text| !text.is_empty()).map(|text| cut(&text, SUMMARY_CHARS_MAX))
}

/// A text of several lines, cut.
fn text(text: Option<&String>) -> Option<String> {
    let text = text.map(|text| text.trim()).filter(|text| !text.is_empty());
    text.map(|text| cut(text, SUMMARY_CHARS_MAX))
}

/// Writes what is said to the row, but for its status and end.
fn write(row: &mut Task, report: &ChildReport, now: Millis) {
    if let Some(progress) = line(report.progress_summary.as_ref()) {
        row.progress_summary = Some(progress);
    }
    if let Some(usage) = &report.usage {
        row.usage = Some(usage.clone());
    }
    if let Some(started_at) = report.started_at {
        row.started_at = Some(started_at);
    }
    let sign = report.last_event_at.or(report.ended_at).unwrap_or(now);
    // Reports may overtake each other.
    row.last_event_at = row.last_event_at.max(sign);
}

/// Progress, or the start.
fn go_on(
    mut draft: Draft,
    was: &Arc<Task>,
    report: &ChildReport,
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
    draft.put_task(task);
    draft.about(id);
    if started {
        draft.event("task.started", Some(id), Value::Null);
    }
    // A sign of life alone is in the row, not in the history.
    if told {
        draft.event("task.progress", Some(id), data);
    }
    Ok(draft.finish())
}

/// How a status that ends a task is reached.
fn how(end: TaskStatus) -> TaskMove {
    match end {
        TaskStatus::Succeeded => TaskMove::Succeed,
        TaskStatus::TimedOut => TaskMove::TimeOut,
        TaskStatus::Cancelled => TaskMove::Cancel,
        TaskStatus::Lost => TaskMove::Lose,
        TaskStatus::Failed | TaskStatus::Queued | TaskStatus::Running => TaskMove::Fail,
    }
}

/// Writes how it ended to the row.
fn write_end(row: &mut Task, report: &ChildReport, now: Millis) {
    write(row, report, now);
    row.ended_at = Some(report.ended_at.or(report.last_event_at).unwrap_or(now));
    row.terminal_summary = text(report.terminal_summary.as_ref());
    row.terminal_outcome = report.terminal_outcome;
    row.error = text(report.error.as_ref());
    order_times(row);
}

/// The end.
fn settle(
    mut draft: Draft,
    was: &Arc<Task>,
    end: TaskStatus,
    report: &ChildReport,
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

fn end_of(task: &Task) -> Value {
    json!({
        "outcome": how(task.status), "status": task.status, "error": task.error,
        "summary": task.terminal_summary, "terminalOutcome": task.terminal_outcome,
    })
}

/// Whether all that is said of how it ended is in its row. Its times are not compared: a reporter
/// that names none means the time of its report.
fn is_recorded(was: &Task, report: &ChildReport) -> bool {
    let progress = line(report.progress_summary.as_ref());
    report.status == Some(was.status)
        && report.terminal_outcome == was.terminal_outcome
        && text(report.terminal_summary.as_ref()) == was.terminal_summary
        && text(report.error.as_ref()) == was.error
        && (progress.is_none() || progress == was.progress_summary)
        && (report.usage.is_none() || report.usage == was.usage)
}

/// A report about a child that has ended.
fn late(
    mut draft: Draft,
    was: &Arc<Task>,
    report: &ChildReport,
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
            if is_good(&task) {
                draft.state.ended.bad = draft.state.ended.bad.saturating_sub(1);
            }
            draft.correct_task(was, task);
            Ok(draft.finish())
        }
        _ => refused(),
    }
}
