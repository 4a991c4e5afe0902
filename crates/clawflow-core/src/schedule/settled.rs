//! A run has ended.

use super::draft::{Fired, State};
use super::record::DisabledReason;
use super::run::{RunStatus, ScheduleRun, SkipReason};
use crate::Millis;
use crate::delivery::owed::schedule_disabled;
use crate::drive::Ctx;
use crate::ids::RunId;
use crate::limits::{SUMMARY_CHARS_MAX, cut};

/// How a run's task or flow ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// A terminal status.
    pub status: RunStatus,
    /// Why it failed.
    pub error: Option<String>,
    /// When.
    pub at: Millis,
}

/// Takes note of the end of a run: it is tried again, or has ended, and the next one may start.
/// Changes nothing if the run is not running.
#[must_use]
pub fn settled(state: &State, run_id: &RunId, outcome: &Outcome, ctx: &mut Ctx) -> Fired {
    let mut fired = Fired::of(state);
    let run = fired.open.get(run_id).filter(|run| run.status == RunStatus::Running).cloned();
    if let Some(run) = run {
        end(&mut fired, run, outcome, ctx);
    }
    fired
}

/// Ends an attempt of a run within a decision.
pub(super) fn end(fired: &mut Fired, run: ScheduleRun, outcome: &Outcome, ctx: &mut Ctx) {
    let policies = fired.schedule.policies.clone();
    let error = outcome.error.as_deref().map(|error| cut(error, SUMMARY_CHARS_MAX));
    let status = match run.stopping.as_deref() {
        // It may have ended well all the same.
        Some("timeout") if outcome.status != RunStatus::Succeeded => RunStatus::TimedOut,
        Some(_) if outcome.status.is_error() => RunStatus::Cancelled,
        _ => outcome.status,
    };
    let is_replaced = run.stopping.as_deref() == Some("replaced");
    let fires = !matches!(
        fired.schedule.disabled_reason,
        Some(DisabledReason::Asked | DisabledReason::Errors | DisabledReason::Broken)
    );
    if status.is_error() && !is_replaced && fires && run.attempt <= policies.retries {
        let due_at = Some(ctx.now.saturating_add(policies.pause_after(run.attempt)));
        let run = ScheduleRun { status: RunStatus::Retrying, error, due_at, stopping: None, ..run };
        return fired.put(run);
    }
    let error = match (status, run.stopping.as_deref()) {
        (RunStatus::TimedOut, Some(_)) => Some("it took too long".to_owned()),
        (RunStatus::Cancelled, Some(why)) => Some(format!("stopped: {why}")),
        _ => error,
    };
    let schedule = &mut fired.schedule;
    schedule.last_status = Some(status);
    schedule.last_ended_at = Some(outcome.at);
    schedule.last_error.clone_from(&error);
    match status {
        RunStatus::Succeeded => schedule.consecutive_errors = 0,
        status if status.is_error() => schedule.consecutive_errors += 1,
        _ => {}
    }
    let ended_at = Some(outcome.at.max(run.created_at));
    fired.put(ScheduleRun { status, error, due_at: None, ended_at, ..run });
    let errors = fired.schedule.consecutive_errors;
    if policies.disable_after > 0 && errors >= policies.disable_after && fires {
        fired.withdraw(ctx.now, SkipReason::Withdrawn, true);
        fired.stop_firing(DisabledReason::Errors);
        let deliveries = schedule_disabled(&fired.schedule, ctx);
        fired.deliveries.extend(deliveries);
        return;
    }
    fired.start_queued(ctx);
    let is_done = fired.schedule.disabled_reason == Some(DisabledReason::Finished);
    if policies.delete_after_run && is_done && status == RunStatus::Succeeded {
        fired.removed = fired.open.is_empty();
    }
}
