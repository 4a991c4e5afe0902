//! What a run is, made in the same unit as the decision to start it.

use super::draft::Fired;
use super::payload::Payload;
use super::run::{RunStatus, ScheduleRun};
use super::run_label::FLOW_LABEL;
use super::settled::{Outcome, end};
use crate::Millis;
use crate::definition::{Definition, beside};
use crate::delivery::owed::{ScheduleMessage, schedule_message};
use crate::drive::{self, Ctx, Decision, NewFlow};
use crate::error::{Code, Refusal};
use crate::task::solo::{self, NewTask, SoloDecision};
use crate::task::{Runtime, Task};
use crate::unit::Unit;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A launch and the decision that it belongs to.
#[derive(Clone, Debug)]
pub struct Launched<D> {
    /// What the run is; its unit has all of the decision in it.
    pub made: D,
    /// The decision, with the run as it is now.
    pub fired: Fired,
}

/// Launches a command as a task.
///
/// # Errors
/// The refusal of the task's law; `invalid` if nothing of the kind is to be launched.
pub fn launch_task(fired: &Fired, ctx: &mut Ctx) -> Result<Launched<SoloDecision>, Refusal> {
    let (schedule, run) = (&fired.schedule, starting(fired)?);
    let Payload::Command(command) = &schedule.payload else { return Err(nothing()) };
    let mut command = command.clone();
    command.env.extend(environment(fired, &run));
    command.timeout_ms = schedule.policies.timeout_ms;
    let mut made = solo::create(
        NewTask {
            owner_key: schedule.owner_key.clone(),
            label: Some(schedule.name.clone()),
            command,
            requester_origin: schedule.requester_origin.clone(),
            notify_policy: Some(schedule.policies.notify),
            parent_task_id: fired.start.as_ref().and_then(|start| start.retry_of.clone()),
            budget: None,
            agent: None,
        },
        ctx,
    )?;
    let task = Task {
        runtime: Runtime::Cron,
        source_id: Some(schedule.schedule_id.0.clone()),
        run_id: Some(run_key(fired, &run)),
        attempt: run.attempt,
        ..Task::clone(&made.solo.task)
    };
    let task_id = Some(task.task_id.clone());
    made.solo.task = Arc::new(task);
    for change in &mut made.unit.tasks {
        change.row = made.solo.task.clone();
    }
    Ok(joined(fired, ScheduleRun { task_id, ..run }, made, |made| &mut made.unit))
}

/// Launches a flow.
///
/// # Errors
/// The refusal of the flow's law; `invalid` if nothing of the kind is to be launched.
pub fn launch_flow(
    fired: &Fired,
    definition: Arc<Definition>,
    ctx: &mut Ctx,
) -> Result<Launched<Decision>, Refusal> {
    let (schedule, run) = (&fired.schedule, starting(fired)?);
    let Payload::Flow { file, args, cwd, env, key, auto_approve, .. } = &schedule.payload else {
        return Err(nothing());
    };
    let mut env = env.clone();
    env.extend(environment(fired, &run));
    let new = NewFlow {
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
        // A schedule keeps one file: nothing is named beside it.
        path: beside(&format!("{cwd}/"), file.rsplit('/').next().unwrap_or_default()),
        files: None,
        child_of: None,
    };
    let mut made = drive::create(new, ctx)?;
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
fn run_key(fired: &Fired, run: &ScheduleRun) -> String {
    let id = &fired.schedule.schedule_id;
    match run.slot {
        Some(slot) => format!("cron:{id}:{slot}"),
        None => format!("cron:{id}:{}", run.run_id),
    }
}

/// What the program is told of its schedule.
fn environment(fired: &Fired, run: &ScheduleRun) -> BTreeMap<String, String> {
    let schedule = &fired.schedule;
    let slot = run.slot.and_then(|slot| jiff::Timestamp::from_millisecond(slot).ok());
    let mut env = BTreeMap::from([
        ("CLAWFLOW_SCHEDULE".to_owned(), schedule.name.clone()),
        ("CLAWFLOW_SCHEDULE_ID".to_owned(), schedule.schedule_id.0.clone()),
        ("CLAWFLOW_RUN_KEY".to_owned(), run_key(fired, run)),
    ]);
    if let Some(slot) = slot {
        env.insert("CLAWFLOW_SLOT".to_owned(), slot.to_string());
    }
    env
}
