//! Tasks without a flow that somebody else runs, who reports about them, late perhaps and more than
//! once. The engine starts and stops nothing of them.

use super::solo::{Solo, SoloDecision, change};
use super::told::{check, ended_as, is_recorded, summary_of_end, write, write_end};
use super::{
    Executor, Exit, Runtime, Task, TaskMove, TaskReport, TaskStatus, back_date, fresh, next_status,
    notified, order_times,
};
use crate::drive::Ctx;
use crate::error::{Code, Refusal};
use crate::event::Event;
use crate::flow::{NotifyPolicy, Origin, check_text};
use crate::ids::TaskId;
use crate::limits::{self, SUMMARY_CHARS_MAX, cut};
use crate::unit::{Change, Unit};
use serde_json::{Value, json};
use std::sync::Arc;

/// What its row says once nobody follows it any more.
const DETACHED: &str = "detached: whoever runs it was not stopped";

/// What a recorded task is made from.
#[derive(Clone, Debug)]
pub struct NewRecorded {
    /// The id that its reporter has given it; a new one, if absent.
    pub task_id: Option<TaskId>,
    /// Session key of the owner.
    pub owner_key: String,
    /// What executes it.
    pub runtime: Runtime,
    /// What sort of work it is.
    pub kind: Option<String>,
    /// Schedule or tool that caused it.
    pub source_id: Option<String>,
    /// The reporter's own id of the run.
    pub run_id: Option<String>,
    /// Short name.
    pub label: Option<String>,
    /// What it does, for people; cut if it is long.
    pub task: String,
    /// The process to follow.
    pub executor: Option<Executor>,
    /// Where the request came from.
    pub requester_origin: Option<Origin>,
    /// What the owner is told of it; nothing, if absent.
    pub notify_policy: Option<NotifyPolicy>,
    /// Why it is not a child of the flow that was named; told in its history.
    pub unlinked: Option<String>,
}

/// Records a task and what is known of it so far, which may be its end: in one unit. Without a
/// status it is running.
///
/// # Errors
/// `invalid` for texts, times and statuses that cannot be.
pub fn record(
    new: NewRecorded,
    report: &TaskReport,
    ctx: &mut Ctx,
) -> Result<SoloDecision, Refusal> {
    let status = report.status.unwrap_or(TaskStatus::Running);
    let unlinked = new.unlinked.clone();
    let mut task = open(new, status, ctx)?;
    check(&Task { status, ..task.clone() }, report)?;
    if status != TaskStatus::Queued {
        task.status = TaskStatus::Running;
        let began = report.started_at.or(report.last_event_at).or(report.ended_at);
        task.started_at = Some(began.unwrap_or(ctx.now));
        task.last_event_at = report.last_event_at.or(report.ended_at).unwrap_or(ctx.now);
    }
    let sign = task.last_event_at;
    write(&mut task, report, sign);
    back_date(&mut task);
    let was = Solo { task: Arc::new(task.clone()), last_event: 0 };
    if status.is_terminal() {
        task.status = next_status(task.status, ended_as(status))?;
        write_end(&mut task, report, ctx.now);
    }
    let mut data = json!({
        "status": was.task.status, "runtime": task.runtime, "label": task.label,
        "kind": task.kind, "runId": task.run_id, "reported": true,
    });
    if let Some(why) = unlinked {
        data["unlinked"] = json!(why);
    }
    let mut decision = change(&was, task, ctx, "task.created", data, Vec::new());
    Arc::make_mut(&mut decision.solo.task).version = 0;
    decision.unit.tasks = vec![Change { expected: None, row: decision.solo.task.clone() }];
    if status.is_terminal() {
        let end = Event { number: 2, ..ended(&decision, summary_of_end(&decision.solo.task)) };
        decision.unit.events.push(end);
        decision.solo.last_event = 2;
    }
    Ok(decision)
}

fn ended(decision: &SoloDecision, data: Value) -> Event {
    let task = &decision.solo.task;
    let first = decision.unit.events.first();
    Event {
        subject: task.task_id.0.clone(),
        owner_key: task.owner_key.clone(),
        number: 1,
        at: first.map_or(task.created_at, |event| event.at),
        actor: first.and_then(|event| event.actor.clone()),
        kind: "task.ended".to_owned(),
        step_id: None,
        task_id: Some(task.task_id.0.clone()),
        data,
    }
}

/// The row before anything is said of how it goes.
fn open(new: NewRecorded, status: TaskStatus, ctx: &mut Ctx) -> Result<Task, Refusal> {
    let invalid = |message: &str| Err(Refusal::new(Code::Invalid, message));
    if new.owner_key.trim().is_empty() {
        return invalid("the owner key is blank");
    }
    if new.task.trim().is_empty() {
        return invalid("the task is blank");
    }
    if new.task.contains('\0') {
        return invalid("the task contains a NUL character");
    }
    let optional = |what: &str, text: Option<String>| {
        text.map(|text| check_text(what, &text).map(|text| cut(&text, SUMMARY_CHARS_MAX)))
            .transpose()
    };
    let mut task = Task {
        runtime: new.runtime,
        kind: optional("the kind", new.kind)?,
        source_id: optional("the source id", new.source_id)?,
        run_id: optional("the run id", new.run_id)?,
        label: optional("the label", new.label)?,
        requester_origin: new.requester_origin,
        executor: new.executor.filter(|_| status != TaskStatus::Queued),
        reported: true,
        ..fresh(ctx, new.owner_key, new.task.trim(), false)
    };
    if let Some(task_id) = new.task_id {
        task.task_id = task_id;
    }
    Ok(notified(&task, new.notify_policy.unwrap_or(NotifyPolicy::Silent)))
}

/// Takes over a report about a recorded task. One that says nothing new changes nothing. A late end
/// of a cancelled task is told by an event; a lost task takes its true outcome.
///
/// # Errors
/// `engine_owned` for more than progress and use of a task that the engine runs; `terminal` for one
/// that has ended otherwise; `invalid_state` from `running` back to `queued`; `invalid` for what
/// cannot be.
pub fn report(was: &Solo, ctx: &mut Ctx, report: &TaskReport) -> Result<SoloDecision, Refusal> {
    if !was.task.reported {
        return super::solo::reported(was, ctx, report);
    }
    if was.task.status.is_terminal() {
        return late(was, ctx, report);
    }
    check(&was.task, report)?;
    let mut task = Task::clone(&was.task);
    let now = ctx.now;
    match report.status {
        Some(TaskStatus::Queued) if task.status == TaskStatus::Running => {
            return Err(Refusal::state("queue", was.task.status.as_str()));
        }
        Some(end) if end.is_terminal() => {
            if task.status == TaskStatus::Queued {
                // Its start was not reported, but it must have been.
                task.status = next_status(task.status, TaskMove::Claim)?;
                task.started_at = report.started_at.or(report.ended_at).or(Some(now));
            }
            task.status = next_status(task.status, ended_as(end))?;
            write_end(&mut task, report, now);
            let data = summary_of_end(&task);
            return Ok(change(was, task, ctx, "task.ended", data, Vec::new()));
        }
        Some(TaskStatus::Running) if task.status == TaskStatus::Queued => {
            task.status = next_status(task.status, TaskMove::Claim)?;
            task.started_at = Some(report.started_at.or(report.last_event_at).unwrap_or(now));
        }
        _ => {}
    }
    go_on(was, task, ctx, report)
}

/// Progress, or the start.
fn go_on(
    was: &Solo,
    mut task: Task,
    ctx: &mut Ctx,
    report: &TaskReport,
) -> Result<SoloDecision, Refusal> {
    write(&mut task, report, ctx.now);
    order_times(&mut task);
    let up = super::solo::spent(&mut task, ctx);
    let started = task.status != was.task.status;
    let told = task.progress_summary != was.task.progress_summary || task.usage != was.task.usage;
    let mut data = json!({ "progress": task.progress_summary, "usage": task.usage });
    if let Some(up) = up {
        data["usedUp"] = json!(up);
    }
    let mut made = change(was, task, ctx, "task.progress", data, Vec::new());
    if started {
        "task.started".clone_into(&mut made.unit.events[0].kind);
    } else if !told {
        // A sign of life alone is in the row, not in the history.
        made.unit.events.clear();
        made.solo.last_event = was.last_event;
    }
    Ok(made)
}

/// Nothing is to be changed.
fn unchanged(was: &Solo) -> SoloDecision {
    SoloDecision { unit: Unit::default(), solo: was.clone(), effects: Vec::new() }
}

/// A report about a task that has ended.
fn late(was: &Solo, ctx: &mut Ctx, report: &TaskReport) -> Result<SoloDecision, Refusal> {
    let row = &was.task;
    let end = report.status.filter(|status| status.is_terminal());
    // A spooled start or progress may come after the end that overtook it.
    if is_recorded(row, report) || (end.is_none() && was_before(row, report)) {
        return Ok(unchanged(was));
    }
    let refused = || Refusal::new(Code::Terminal, format!("the task is already {}", row.status));
    let end = end.ok_or_else(refused)?;
    check(row, report)?;
    match row.status {
        TaskStatus::Cancelled => {
            let mut seen = Task::clone(row);
            seen.status = end;
            write_end(&mut seen, report, ctx.now);
            let mut data = summary_of_end(&seen);
            data["endedAt"] = json!(seen.ended_at);
            let mut made = change(was, Task::clone(row), ctx, "task.late_end", data, Vec::new());
            made.unit.tasks.clear();
            made.solo.task = row.clone();
            Ok(made)
        }
        TaskStatus::Lost => {
            let mut task = Task::clone(row);
            task.status = next_status(row.status, ended_as(end))?;
            write_end(&mut task, report, ctx.now);
            let mut data = summary_of_end(&task);
            data["was"] = json!(row.status);
            Ok(change(was, task, ctx, "task.corrected", data, Vec::new()))
        }
        _ => Err(refused()),
    }
}

/// Whether a report is about a time before the task's end.
fn was_before(row: &Task, report: &TaskReport) -> bool {
    let at = report.last_event_at.or(report.started_at);
    at.zip(row.ended_at).is_some_and(|(at, ended)| at <= ended)
}

/// Its process has gone without a report: settled by how the kernel says that it ended, or lost.
///
/// # Errors
/// `invalid_state` if it does not run.
pub fn gone(
    was: &Solo,
    ctx: &mut Ctx,
    exit: Option<&Exit>,
    why: &str,
) -> Result<SoloDecision, Refusal> {
    if was.task.status != TaskStatus::Running || !was.task.reported {
        return Err(Refusal::state("settle", was.task.status.as_str()));
    }
    report(was, ctx, &end_of_gone(exit, why))
}

/// What is known of a task whose process has gone without a report.
#[must_use]
pub fn end_of_gone(exit: Option<&Exit>, why: &str) -> TaskReport {
    let (status, error) = match exit {
        Some(Exit::Code(0)) => (TaskStatus::Succeeded, None),
        Some(Exit::Code(code)) => (TaskStatus::Failed, Some(format!("exit code {code}"))),
        Some(Exit::Signal(signal)) => (TaskStatus::Failed, Some(format!("signal {signal}"))),
        Some(Exit::StopReason(reason)) => (TaskStatus::Failed, Some(reason.clone())),
        None => (TaskStatus::Lost, Some(why.to_owned())),
    };
    TaskReport {
        status: Some(status),
        error,
        terminal_summary: Some(why.to_owned()),
        exit: exit.cloned(),
        ..TaskReport::default()
    }
}

/// Follows it no longer: its record ends, the work does not.
pub(super) fn detach(was: &Solo, ctx: &mut Ctx, reason: &str) -> Result<SoloDecision, Refusal> {
    let mut task = Task::clone(&was.task);
    task.status = next_status(task.status, TaskMove::Cancel)?;
    task.cancel_requested_at.get_or_insert(ctx.now);
    task.ended_at = Some(ctx.now.max(task.created_at));
    task.last_event_at = ctx.now;
    let reason = limits::reason(reason);
    task.error = Some(reason.clone()).filter(|why| !why.is_empty());
    task.terminal_summary = Some(DETACHED.to_owned());
    let data = json!({ "outcome": "cancel", "reason": reason, "summary": DETACHED });
    Ok(change(was, task, ctx, "task.ended", data, Vec::new()))
}
