//! The time of a run has come: of its next attempt, or of its end.

use super::draft::{Fired, State};
use super::fire::stop;
use super::run::{RunStatus, ScheduleRun};
use crate::drive::Ctx;
use crate::ids::RunId;

/// Starts the next attempt of a run that failed. Changes nothing if it is not due.
#[must_use]
pub fn retry(state: &State, run_id: &RunId, ctx: &mut Ctx) -> Fired {
    let mut fired = Fired::of(state);
    if let Some(run) = due(state, run_id, RunStatus::Retrying, ctx) {
        fired.launch(ScheduleRun { attempt: run.attempt + 1, ..run.clone() }, ctx);
    }
    fired
}

/// Stops a run that takes too long. Changes nothing if it does not.
#[must_use]
pub fn timeout(state: &State, run_id: &RunId, ctx: &mut Ctx) -> Fired {
    let mut fired = Fired::of(state);
    if let Some(run) = due(state, run_id, RunStatus::Running, ctx) {
        stop(&mut fired, run.clone(), "timeout", ctx);
    }
    fired
}

fn due<'s>(
    state: &'s State,
    run_id: &RunId,
    status: RunStatus,
    ctx: &Ctx,
) -> Option<&'s ScheduleRun> {
    let run = state.open.iter().find(|run| run.run_id == *run_id)?;
    let is_due = run.due_at.is_some_and(|at| at <= ctx.now);
    (run.status == status && is_due).then_some(run)
}
