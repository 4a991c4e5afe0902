//! A run that finds the flow of its key at work and joins it, as its file says (`on_conflict`).

use super::draft::Fired;
use super::launch::starting;
use super::run::{RunStatus, ScheduleRun};
use super::settled::{Outcome, end};
use crate::drive::Ctx;
use crate::error::Refusal;
use crate::ids::FlowId;

/// The decision where the run that was to start is a flow that goes on already. It ends when that
/// does; whoever started the flow says how long it may take.
///
/// # Errors
/// `invalid` if nothing is to be launched.
pub fn join_flow(fired: &Fired, flow_id: &FlowId) -> Result<Fired, Refusal> {
    let run = starting(fired)?;
    let mut fired = fired.clone();
    fired.start = None;
    fired.put(ScheduleRun { flow_id: Some(flow_id.clone()), joined: true, due_at: None, ..run });
    Ok(fired)
}

/// A newer slot takes the place of a run that joined a flow: the flow is not its own, and goes on.
pub(super) fn leave(fired: &mut Fired, run: ScheduleRun, ctx: &mut Ctx) {
    let error = Some("a newer slot took its place; the flow that it had joined goes on".to_owned());
    let outcome = Outcome { status: RunStatus::Cancelled, error, at: ctx.now };
    end(fired, run, &outcome, ctx);
}
