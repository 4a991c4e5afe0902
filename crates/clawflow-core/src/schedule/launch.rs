//! What a run is, made in the same unit as the decision to start it.

use super::draft::Fired;
use super::launch_task::environment;
use super::payload::Payload;
use super::run::{RunStatus, ScheduleRun};
use super::run_label::FLOW_LABEL;
use super::settled::{Outcome, end};
use crate::Millis;
use crate::definition::Definition;
use crate::delivery::owed::{ScheduleMessage, schedule_message};
use crate::drive::{Ctx, Decision, FilesOf, NewFlow};
use crate::error::{Code, Refusal};
use crate::unit::Unit;
use std::sync::Arc;

/// A launch and the decision that it belongs to.
#[derive(Clone, Debug)]
pub struct Launched<D> {
    /// What the run is; its unit has all of the decision in it.
    pub made: D,
    /// The decision, with the run as it is now.
    pub fired: Fired,
}

/// The flow that the run is to be.
///
/// # Errors
/// `invalid` if nothing of the kind is to be launched.
pub fn flow_of_run(fired: &Fired, definition: Arc<Definition>) -> Result<NewFlow, Refusal> {
    let schedule = &fired.schedule;
    starting(fired)?;
    let Payload::Flow { file, path, args, cwd, env, key, auto_approve, .. } = &schedule.payload
    else {
        return Err(nothing());
    };
    let files = schedule.payload.files_hash().map(str::to_owned);
    let mut env = env.clone();
    env.extend(environment(fired));
    Ok(NewFlow {
        definition,
        file: file.clone(),
        args: args.clone(),
        cwd: cwd.clone(),
        env,
        owner_key: schedule.owner_key.clone(),
        requester_origin: schedule.requester_origin.clone(),
        key: key.clone(),
        auto_approve: *auto_approve,
        reuse: None,
        path: path.clone(),
        files: files.map(|hash| FilesOf { hash, source: None }),
        child_of: None,
    })
}

/// Launches the flow of [`flow_of_run`], by `create`: at once or in line.
///
/// # Errors
/// The refusal of the flow's law; `invalid` if nothing of the kind is to be launched.
pub fn launch_flow(
    fired: &Fired,
    new: NewFlow,
    create: fn(NewFlow, &mut Ctx<'_>) -> Result<Decision, Refusal>,
    ctx: &mut Ctx,
) -> Result<Launched<Decision>, Refusal> {
    let (schedule, run) = (&fired.schedule, starting(fired)?);
    let mut made = create(new, ctx)?;
    let label = || (FLOW_LABEL.to_owned(), schedule.schedule_id.0.clone());
    made.state.flow.labels.extend([label()]);
    for change in &mut made.unit.flows {
        change.row.labels.extend([label()]);
    }
    let flow_id = Some(made.state.flow.flow_id.clone());
    let due_at = deadline(fired, ctx.now);
    Ok(joined(fired, ScheduleRun { flow_id, due_at, ..run }, made, |made| &mut made.unit))
}

/// Sends a message: with that the run has ended.
///
/// # Errors
/// `invalid` if nothing of the kind is to be launched.
pub fn launch_message(fired: &Fired, ctx: &mut Ctx) -> Result<Fired, Refusal> {
    let (schedule, run) = (&fired.schedule, starting(fired)?);
    let Payload::Message { content, data } = &schedule.payload else { return Err(nothing()) };
    let key = run_key(fired, &run);
    let message = ScheduleMessage { schedule, run: &run, key, content, data };
    let sent = schedule_message(&message, ctx);
    let mut fired = fired.clone();
    fired.deliveries.extend(sent);
    fired.start = None;
    let outcome = Outcome { status: RunStatus::Succeeded, error: None, at: ctx.now };
    end(&mut fired, run, &outcome, ctx);
    Ok(fired)
}

/// The decision where the run could not be launched: that is how it ended.
#[must_use]
pub fn not_launched(fired: &Fired, why: &str, ctx: &mut Ctx) -> Fired {
    let mut fired = fired.clone();
    let run = fired.starting().cloned();
    fired.start = None;
    if let Some(run) = run {
        let outcome =
            Outcome { status: RunStatus::Failed, error: Some(why.to_owned()), at: ctx.now };
        end(&mut fired, run, &outcome, ctx);
    }
    fired
}

pub(super) fn starting(fired: &Fired) -> Result<ScheduleRun, Refusal> {
    fired.starting().cloned().ok_or_else(nothing)
}

pub(super) fn nothing() -> Refusal {
    Refusal::new(Code::Invalid, "there is nothing of this kind to launch")
}

/// Puts decision and launch into one unit.
pub(super) fn joined<D>(
    fired: &Fired,
    run: ScheduleRun,
    mut made: D,
    unit: impl Fn(&mut D) -> &mut Unit,
) -> Launched<D> {
    let mut fired = fired.clone();
    fired.put(run);
    unit(&mut made).join(fired.unit());
    Launched { made, fired }
}

fn deadline(fired: &Fired, now: Millis) -> Option<Millis> {
    let timeout = fired.schedule.policies.timeout_ms?;
    Some(now.saturating_add(timeout.cast_signed()))
}

/// The same for every attempt of a run, and for no other run.
pub(super) fn run_key(fired: &Fired, run: &ScheduleRun) -> String {
    let id = &fired.schedule.schedule_id;
    match run.slot {
        Some(slot) => format!("cron:{id}:{slot}"),
        None => format!("cron:{id}:{}", run.run_id),
    }
}
