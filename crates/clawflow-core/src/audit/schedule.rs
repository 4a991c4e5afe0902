//! Schedules that do not fire, and runs that do not end.

use super::code::{AuditCode as C, AuditScope, Severity};
use super::finding::{Finding, over};
use super::limits::{GRACE_MS, SKIPPED_MAX};
use super::wait::Target;
use crate::Millis;
use crate::schedule::{DisabledReason, RunStatus, Schedule, ScheduleRun};

/// A schedule, and the slots in a row that it has skipped.
#[derive(Clone, Copy, Debug)]
pub struct ScheduleFacts<'s> {
    /// The record.
    pub schedule: &'s Schedule,
    /// Its newest row of history, if that is one of skipped slots.
    pub skipped: Option<&'s ScheduleRun>,
    /// Somebody fires schedules now.
    pub driven: bool,
}

/// Judges a schedule.
#[must_use]
pub fn schedule(facts: &ScheduleFacts<'_>, now: Millis) -> Option<Finding> {
    let row = facts.schedule;
    let find = |severity, code, detail: String, verb: &str, status: &str| {
        let hint = format!("clawflow cron {verb} {}", row.schedule_id);
        let found = Finding::new(AuditScope::Schedule, severity, code, detail, hint);
        found.of(row.schedule_id.as_str(), &row.owner_key, status)
    };
    let name = &row.name;
    if !row.enabled {
        let why = row.last_error.as_deref().unwrap_or("no reason is known");
        let (severity, detail, verb) = match row.disabled_reason? {
            DisabledReason::Asked | DisabledReason::Finished => return None,
            DisabledReason::Errors => {
                let errors = row.consecutive_errors;
                let detail = format!("{name} fires no more: {errors} runs failed: {why}");
                (Severity::Warn, detail, "enable")
            }
            DisabledReason::Broken => {
                let detail = format!("{name} fires no more: its timetable cannot be read");
                (Severity::Error, detail, "show")
            }
        };
        let found = find(severity, C::ScheduleDisabled, detail, verb, "disabled");
        return Some(found.since(row.last_ended_at.unwrap_or(row.updated_at), now));
    }
    if let Some(at) = row.next_at.filter(|at| over(*at, GRACE_MS, now)) {
        let detail = format!("the time of {name} has passed, and it did not fire");
        let late = find(Severity::Error, C::ScheduleLate, detail, "show", "enabled");
        return Some(late.since(at, now).idle_unless(facts.driven));
    }
    let skipped = facts.skipped.filter(|run| run.status == RunStatus::Skipped)?;
    (skipped.slots >= SKIPPED_MAX).then(|| {
        let why = skipped.reason.map_or("skipped", |reason| reason.as_str());
        let detail = format!("the last {} slots of {name} were skipped: {why}", skipped.slots);
        let never = find(Severity::Warn, C::ScheduleNeverRuns, detail, "runs", "enabled");
        never.since(skipped.slot.unwrap_or(skipped.created_at), now)
    })
}

/// A run that has not ended, and its work.
#[derive(Clone, Copy, Debug)]
pub struct WorkFacts<'r> {
    /// The record.
    pub run: &'r ScheduleRun,
    /// Its task or flow, if it has one.
    pub work: Option<Target>,
    /// Somebody looks after runs now.
    pub driven: bool,
}

/// Judges a run.
#[must_use]
pub fn run(facts: &WorkFacts<'_>, now: Millis) -> Option<Finding> {
    let row = facts.run;
    let work = match (&row.task_id, &row.flow_id) {
        (Some(task), _) => task.as_str(),
        (None, Some(flow)) => flow.as_str(),
        (None, None) => "its work",
    };
    let (since, detail) = match (facts.work, row.due_at) {
        (_, Some(due)) if over(due, GRACE_MS, now) && row.stopping.is_none() => {
            (due, "it was to be tried again or stopped, and was not".to_owned())
        }
        (Some(Target::Ended(at)), _) if row.status == RunStatus::Running => {
            (at, format!("it goes on, and {work} has ended"))
        }
        (Some(Target::Missing), _) if row.status == RunStatus::Running => {
            (row.started_at.unwrap_or(row.created_at), format!("it goes on, and {work} is gone"))
        }
        _ => return None,
    };
    let hint = format!("clawflow cron runs {}", row.schedule_id);
    let (scope, code) = (AuditScope::Schedule, C::RunStuck);
    let found = Finding::new(scope, Severity::Error, code, detail, hint);
    let found = found.of(row.run_id.as_str(), &row.owner_key, row.status.as_str());
    over(since, GRACE_MS, now).then(|| found.since(since, now).idle_unless(facts.driven))
}
