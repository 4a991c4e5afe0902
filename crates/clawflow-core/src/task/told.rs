//! What a reporter says of a task, and how the row takes it.

use super::{Exit, Task, TaskMove, TaskStatus, TerminalOutcome, Usage, order_times};
use crate::Millis;
use crate::error::{Code, Refusal};
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use serde_json::{Value, json};

/// What a reporter knows of a task that it runs or observes. What is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskReport {
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
    /// How its process ended.
    pub exit: Option<Exit>,
    /// What it has used so far.
    pub usage: Option<Usage>,
}

/// Validity of what is said.
pub(crate) fn check(was: &Task, report: &TaskReport) -> Result<(), Refusal> {
    let invalid = |message: &str| Err(Refusal::new(Code::Invalid, message));
    let status = report.status.unwrap_or(was.status);
    if report.terminal_outcome.is_some() && status != TaskStatus::Succeeded {
        return invalid("only a task that succeeded has a terminal outcome");
    }
    if !status.is_terminal() && report.ended_at.is_some() {
        return invalid("only a task that has ended has an end");
    }
    if !status.is_terminal() && report.exit.is_some() {
        return invalid("only a task that has ended has an exit");
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

/// Refuses a report about a task that the engine runs if it says more than progress and use: its
/// start and its end are seen by the engine.
pub(crate) fn is_progress(report: &TaskReport) -> Result<(), Refusal> {
    let rest = TaskReport { progress_summary: None, usage: None, ..report.clone() };
    if rest == TaskReport::default() {
        return Ok(());
    }
    Err(Refusal::new(Code::EngineOwned, "the engine runs this task and sees its end"))
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
pub(crate) fn write(row: &mut Task, report: &TaskReport, now: Millis) {
    if let Some(progress) = line(report.progress_summary.as_ref()) {
        row.progress_summary = Some(progress);
    }
    if let Some(exit) = &report.exit {
        row.exit = Some(exit.clone());
    }
    if report.usage.is_some() {
        row.usage = Usage::newest(row.usage.take(), report.usage.clone());
    }
    if let Some(started_at) = report.started_at {
        row.started_at = Some(started_at);
    }
    let sign = report.last_event_at.or(report.ended_at).unwrap_or(now);
    // Reports may overtake each other.
    row.last_event_at = row.last_event_at.max(sign);
}

/// How a status that ends a task is reached.
pub(crate) fn ended_as(end: TaskStatus) -> TaskMove {
    match end {
        TaskStatus::Succeeded => TaskMove::Succeed,
        TaskStatus::TimedOut => TaskMove::TimeOut,
        TaskStatus::Cancelled => TaskMove::Cancel,
        TaskStatus::Lost => TaskMove::Lose,
        TaskStatus::Failed | TaskStatus::Queued | TaskStatus::Running => TaskMove::Fail,
    }
}

/// Writes how it ended to the row.
pub(crate) fn write_end(row: &mut Task, report: &TaskReport, now: Millis) {
    write(row, report, now);
    row.ended_at = Some(report.ended_at.or(report.last_event_at).unwrap_or(now));
    row.terminal_summary = text(report.terminal_summary.as_ref());
    row.terminal_outcome = report.terminal_outcome;
    row.error = text(report.error.as_ref());
    order_times(row);
}

pub(crate) fn summary_of_end(task: &Task) -> Value {
    json!({
        "outcome": ended_as(task.status), "status": task.status, "error": task.error,
        "summary": task.terminal_summary, "terminalOutcome": task.terminal_outcome,
    })
}

/// Whether all that is said of how it ended is in its row. Its times are not compared: a reporter
/// that names none means the time of its report.
pub(crate) fn is_recorded(was: &Task, report: &TaskReport) -> bool {
    let progress = line(report.progress_summary.as_ref());
    report.status == Some(was.status)
        && report.terminal_outcome == was.terminal_outcome
        && text(report.terminal_summary.as_ref()) == was.terminal_summary
        && text(report.error.as_ref()) == was.error
        && (report.exit.is_none() || report.exit == was.exit)
        && (progress.is_none() || progress == was.progress_summary)
        && Usage::newest(was.usage.clone(), report.usage.clone()) == was.usage
}
