//! Runs that are tasks: a command, or a turn of an agent.

use super::draft::Fired;
use super::launch::{Launched, joined, nothing, run_key, starting};
use super::payload::Payload;
use super::run::ScheduleRun;
use crate::drive::Ctx;
use crate::error::Refusal;
use crate::task::solo::{self, NewAgent, NewTask, SoloDecision};
use crate::task::{Runtime, Task, TaskCommand};
use crate::unit::TaskInput;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Launches a command as a task.
///
/// # Errors
/// The refusal of the task's law; `invalid` if nothing of the kind is to be launched.
pub fn launch_task(fired: &Fired, ctx: &mut Ctx) -> Result<Launched<SoloDecision>, Refusal> {
    let (schedule, run) = (&fired.schedule, starting(fired)?);
    let Payload::Command(command) = &schedule.payload else { return Err(nothing()) };
    let mut command = command.clone();
    command.env.extend(environment(fired));
    command.timeout_ms = schedule.policies.timeout_ms;
    launched(fired, run, (command, None), ctx)
}

/// Launches a turn of an agent as a task: `command` is what its configuration makes of it, without
/// an `acp` for an agent that reads its prompt on standard input.
///
/// # Errors
/// The refusal of the task's law; `invalid` if nothing of the kind is to be launched.
pub fn launch_agent(
    fired: &Fired,
    command: TaskCommand,
    ctx: &mut Ctx,
) -> Result<Launched<SoloDecision>, Refusal> {
    let (schedule, run) = (&fired.schedule, starting(fired)?);
    let Payload::Agent(turn) = &schedule.payload else { return Err(nothing()) };
    if command.acp.is_some() {
        return launched(fired, run, (command, None), ctx);
    }
    let agent = NewAgent { agent: turn.agent.clone(), task: turn.prompt.clone() };
    let mut launched = launched(fired, run, (command, Some(agent)), ctx)?;
    let task_id = launched.made.solo.task.task_id.clone();
    launched.made.unit.inputs.push(TaskInput { task_id, text: turn.prompt.clone() });
    Ok(launched)
}

fn launched(
    fired: &Fired,
    run: ScheduleRun,
    (command, agent): (TaskCommand, Option<NewAgent>),
    ctx: &mut Ctx,
) -> Result<Launched<SoloDecision>, Refusal> {
    let schedule = &fired.schedule;
    let mut made = solo::create(
        NewTask {
            owner_key: schedule.owner_key.clone(),
            label: Some(schedule.name.clone()),
            command,
            requester_origin: schedule.requester_origin.clone(),
            notify_policy: Some(schedule.policies.notify),
            parent_task_id: fired.start.as_ref().and_then(|start| start.retry_of.clone()),
            budget: None,
            agent,
        },
        ctx,
    )?;
    let task = Task::clone(&made.solo.task);
    // An agent is found out about, stopped and mirrored by its runtime.
    let runtime = match task.runtime {
        Runtime::Cli => Runtime::Cron,
        runtime => runtime,
    };
    let task = Task {
        runtime,
        source_id: Some(schedule.schedule_id.0.clone()),
        // That of a sub-agent is part of its session.
        run_id: task.run_id.clone().or_else(|| Some(run_key(fired, &run))),
        attempt: run.attempt,
        ..task
    };
    let task_id = Some(task.task_id.clone());
    made.solo.task = Arc::new(task);
    for change in &mut made.unit.tasks {
        change.row = made.solo.task.clone();
    }
    Ok(joined(fired, ScheduleRun { task_id, ..run }, made, |made| &mut made.unit))
}

/// What the program of a run that is to start is told of its schedule.
#[must_use]
pub fn environment(fired: &Fired) -> BTreeMap<String, String> {
    let (schedule, Some(run)) = (&fired.schedule, fired.starting()) else {
        return BTreeMap::new();
    };
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
