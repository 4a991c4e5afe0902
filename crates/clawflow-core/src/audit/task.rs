//! Tasks and their processes.

use super::code::{AuditCode as C, AuditScope, Severity};
use super::finding::{Finding, over};
use super::limits::{CANCEL_MS, GRACE_MS, SILENT_MS};
use crate::Millis;
use crate::task::{Task, TaskStatus};

/// What is known about the process of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It lives.
    Alive,
    /// Nothing was executed yet.
    Unstarted,
    /// It has ended, at this time, and left word of how.
    Ended(Millis),
    /// It is gone and left no word.
    Gone,
    /// The machine was restarted since.
    OtherBoot,
    /// Nobody here can tell.
    Unknown,
}

/// A task that has not ended, or was lost, and what is known about it.
#[derive(Clone, Copy, Debug)]
pub struct TaskFacts<'t> {
    /// The record.
    pub task: &'t Task,
    /// Somebody drives it now.
    pub driven: bool,
    /// Something else holds it back: its flow is paused, cancelled or waits in line.
    pub held: bool,
    /// It stands in a line for a slot or a place.
    pub in_line: bool,
    /// Its process.
    pub life: Life,
    /// Its shim is of another program than the one that is installed.
    pub old_shim: bool,
}

/// Judges a task.
#[must_use]
pub fn task(facts: &TaskFacts<'_>, now: Millis) -> Vec<Finding> {
    let task = facts.task;
    let mut found: Vec<Finding> = times(task).into_iter().collect();
    if task.status == TaskStatus::Lost && task.parent_flow_id.is_none() {
        let detail = task.error.clone().unwrap_or_else(|| "nobody knows how it ended".to_owned());
        let verb = if task.command.is_some() { "rerun" } else { "show" };
        let lost = find(task, Severity::Warn, C::Lost, detail, verb);
        found.push(lost.since(task.ended_at.unwrap_or(task.last_event_at), now));
    }
    if task.status.is_terminal() {
        return found;
    }
    if let Some(at) = task.cancel_requested_at.filter(|at| over(*at, CANCEL_MS, now)) {
        let detail = match task.reported {
            true => "its caller was told to stop it, and has not reported its end",
            false => "it was to be stopped, and still runs",
        };
        let stuck = find(task, Severity::Warn, C::CancelStuck, detail.to_owned(), "show");
        found.push(stuck.since(at, now));
    }
    found.extend(match task.reported {
        true => reported(facts, now),
        false if task.status == TaskStatus::Queued => queued(facts, now),
        false => running(facts, now),
    });
    if facts.old_shim {
        let detail = "its shim is of another program than the one that is installed; \
                      it goes on until the task ends";
        let old = find(task, Severity::Warn, C::OldShim, detail.to_owned(), "cancel");
        found.push(old.since(task.started_at.unwrap_or(task.created_at), now));
    }
    found
}

fn queued(facts: &TaskFacts<'_>, now: Millis) -> Option<Finding> {
    let task = facts.task;
    let forgotten = !facts.held && !facts.in_line && over(task.last_event_at, GRACE_MS, now);
    forgotten.then(|| {
        let detail = "it is queued and stands in no line".to_owned();
        let stale = find(task, Severity::Error, C::StaleQueued, detail, "why");
        stale.since(task.last_event_at, now).idle_unless(facts.driven)
    })
}

fn running(facts: &TaskFacts<'_>, now: Millis) -> Option<Finding> {
    let task = facts.task;
    let claimed = task.started_at.unwrap_or(task.last_event_at);
    let (detail, since, idle) = match facts.life {
        Life::Alive | Life::Unknown => return None,
        Life::Unstarted => ("it was claimed and never executed", claimed, true),
        Life::Ended(at) => ("its process has ended, and nobody has taken in how", at, true),
        Life::Gone => ("its process is gone and left no word", task.last_event_at, false),
        Life::OtherBoot => ("the machine was restarted while it ran", task.last_event_at, false),
    };
    if idle && !over(since, GRACE_MS, now) {
        return None;
    }
    let hint = "clawflow tasks maintenance --apply";
    let scope = AuditScope::Task;
    let found = Finding::new(scope, Severity::Error, C::StaleRunning, detail, hint);
    let found = found.of(task.task_id.as_str(), &task.owner_key, task.status.as_str());
    Some(found.since(since, now).idle_unless(facts.driven || !idle))
}

fn reported(facts: &TaskFacts<'_>, now: Millis) -> Option<Finding> {
    let task = facts.task;
    if matches!(facts.life, Life::Gone | Life::OtherBoot) {
        let detail = "the process that it reports about is gone".to_owned();
        let stale = find(task, Severity::Error, C::StaleRunning, detail, "show");
        return Some(stale.since(task.last_event_at, now).idle_unless(facts.driven));
    }
    let silent = facts.life == Life::Unknown && over(task.last_event_at, SILENT_MS, now);
    silent.then(|| {
        let detail = "its caller runs it, and has reported nothing for long".to_owned();
        let hint = format!("clawflow tasks report fail {}", task.task_id);
        let silent = find(task, Severity::Warn, C::SilentRunning, detail, "show");
        Finding { hint, ..silent.since(task.last_event_at, now) }
    })
}

/// Living processes of an attempt that has ended, or of a task that is gone.
#[derive(Clone, Debug)]
pub struct Stray {
    /// The task.
    pub task_id: String,
    /// Its fence.
    pub fence: u64,
    /// Its owner, if there is such a task.
    pub owner_key: Option<String>,
    /// The processes.
    pub pids: Vec<u32>,
    /// When the attempt ended, if that is known.
    pub ended_at: Option<Millis>,
}

/// Judges processes that should not be: what a task leaves behind is ended soon after it.
#[must_use]
pub fn stray(stray: &Stray, now: Millis) -> Option<Finding> {
    if stray.ended_at.is_some_and(|at| !over(at, GRACE_MS, now)) {
        return None;
    }
    let pids: Vec<String> = stray.pids.iter().map(u32::to_string).collect();
    let noun = if pids.len() == 1 { "process" } else { "processes" };
    let detail = format!("its attempt has ended, and {noun} {} live", pids.join(", "));
    let hint = "clawflow tasks maintenance --apply";
    let (scope, code) = (AuditScope::Task, C::OrphanProcess);
    let found = Finding::new(scope, Severity::Error, code, detail, hint);
    let found =
        Finding { id: Some(stray.task_id.clone()), owner_key: stray.owner_key.clone(), ..found };
    Some(match stray.ended_at {
        Some(at) => found.since(at, now),
        None => found,
    })
}

fn times(task: &Task) -> Option<Finding> {
    let first = task.started_at.unwrap_or(task.created_at);
    let detail = match task.ended_at {
        _ if first < task.created_at => "it started before it was made",
        Some(ended) if ended < first => "it ended before it started",
        _ => return None,
    };
    Some(find(task, Severity::Warn, C::InconsistentTimestamps, detail.to_owned(), "show"))
}

fn find(task: &Task, severity: Severity, code: C, detail: String, verb: &str) -> Finding {
    let hint = format!("clawflow tasks {verb} {}", task.task_id);
    let found = Finding::new(AuditScope::Task, severity, code, detail, hint);
    found.of(task.task_id.as_str(), &task.owner_key, task.status.as_str())
}
