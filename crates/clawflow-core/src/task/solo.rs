//! Tasks of their own, without a flow: one command, run once, never tried again by itself.

use super::{
    Runtime, Task, TaskCommand, TaskMove, TaskReport, TaskStatus, as_subagent, check_command,
    check_start, claimed, fenced, fresh, is_progress, lively, next_status, notified, placed,
    settle, told, within,
};
use crate::budget::Budget;
use crate::delivery::{DeliveryState, owed};
use crate::drive::{Ctx, Report, outcome};
use crate::effect::Effect;
use crate::error::{Code, Refusal};
use crate::event::Event;
use crate::flow::{NotifyPolicy, Origin};
use crate::ids::TaskId;
use crate::limits::{self, SUMMARY_CHARS_MAX, cut};
use crate::unit::{Change, Unit};
use serde_json::{Value, json};
use std::sync::Arc;

/// A task and the number of its newest event.
#[derive(Clone, Debug, PartialEq)]
pub struct Solo {
    /// The record.
    pub task: Arc<Task>,
    /// The number of its newest event.
    pub last_event: u64,
}

/// What a decision about a task leaves.
#[derive(Clone, Debug)]
pub struct SoloDecision {
    /// To be committed.
    pub unit: Unit,
    /// The task once it is.
    pub solo: Solo,
    /// To be carried out then.
    pub effects: Vec<Effect>,
}

/// What a task is made from.
#[derive(Clone, Debug)]
pub struct NewTask {
    /// Session key of the owner.
    pub owner_key: String,
    /// Short name.
    pub label: Option<String>,
    /// What to execute.
    pub command: TaskCommand,
    /// Where the request came from.
    pub requester_origin: Option<Origin>,
    /// What the owner is told of it; its end, if nothing is said.
    pub notify_policy: Option<NotifyPolicy>,
    /// The task that it runs again.
    pub parent_task_id: Option<TaskId>,
    /// What it may use.
    pub budget: Option<Budget>,
    /// The agent that it is a run of.
    pub agent: Option<NewAgent>,
}

/// A run of an agent as a sub-agent. Its prompt is the task's input, and not in its command.
#[derive(Clone, Debug)]
pub struct NewAgent {
    /// The agent's name.
    pub agent: String,
    /// What it is asked, as people are shown it; cut.
    pub task: String,
}

/// Records a new task, running at once if there is a slot, else queued.
///
/// # Errors
/// `invalid` for a blank owner or a command that no process can be started with.
pub fn create(new: NewTask, ctx: &mut Ctx) -> Result<SoloDecision, Refusal> {
    if new.owner_key.trim().is_empty() {
        return Err(Refusal::new(Code::Invalid, "the owner key is blank"));
    }
    match new.agent {
        Some(_) => check_start(&new.command)?,
        None => check_command(&new.command)?,
    }
    new.budget.as_ref().map_or(Ok(()), Budget::check)?;
    // Whether a queue has a place is known where all of its tasks are.
    let starts = ctx.slots > 0 && new.agent.is_none();
    let (shown, runtime, agent_id) = match (&new.agent, &new.command.acp) {
        (Some(agent), _) => (agent.task.clone(), Runtime::Subagent, Some(agent.agent.clone())),
        (None, Some(acp)) => {
            (format!("{}: {}", acp.agent, acp.prompt), Runtime::Acp, Some(acp.agent.clone()))
        }
        (None, None) => (new.command.argv.join(" "), Runtime::Cli, None),
    };
    let task = Task {
        label: new.label.map(|label| cut(&label, SUMMARY_CHARS_MAX)),
        command: Some(within(new.command, new.budget.as_ref())),
        budget: new.budget.filter(|budget| !budget.is_empty()),
        runtime,
        agent_id,
        requester_origin: new.requester_origin,
        parent_task_id: new.parent_task_id,
        ..fresh(ctx, new.owner_key, &shown, starts)
    };
    let task = match &new.agent {
        Some(agent) => as_subagent(task, &agent.agent),
        None => task,
    };
    let task = notified(&task, new.notify_policy.unwrap_or(NotifyPolicy::DoneOnly));
    let id = task.task_id.clone();
    let effect = if starts { Effect::Start(id) } else { Effect::Queued(id) };
    let solo = Solo { task: Arc::new(task.clone()), last_event: 0 };
    let mut decision = change(&solo, task, ctx, "task.created", Value::Null, vec![effect]);
    Arc::make_mut(&mut decision.solo.task).version = 0;
    decision.unit.tasks = vec![Change { expected: None, row: decision.solo.task.clone() }];
    Ok(decision)
}

/// The decision that turns `was` into `task`, with a line of history and, at its end, what is owed
/// for it.
pub(super) fn change(
    was: &Solo,
    mut task: Task,
    ctx: &mut Ctx,
    kind: &str,
    data: Value,
    mut effects: Vec<Effect>,
) -> SoloDecision {
    task.version = was.task.version + 1;
    let number = was.last_event + 1;
    let owed = match was.task.status.is_terminal() {
        false => owed::of_task(&mut task, ctx),
        true => Vec::new(),
    };
    if owed.iter().any(|one| one.state == DeliveryState::Pending) {
        effects.push(Effect::Timer);
    }
    let event = Event {
        subject: task.task_id.0.clone(),
        owner_key: task.owner_key.clone(),
        number,
        at: ctx.now,
        actor: ctx.actor.map(str::to_owned),
        kind: kind.to_owned(),
        step_id: None,
        task_id: Some(task.task_id.0.clone()),
        data,
    };
    let row = Arc::new(task);
    let unit = Unit {
        tasks: vec![Change { expected: Some(was.task.version), row: row.clone() }],
        events: vec![event],
        deliveries: owed.into_iter().map(|row| Change { expected: None, row }).collect(),
        ..Unit::default()
    };
    SoloDecision { unit, solo: Solo { task: row, last_event: number }, effects }
}

/// Gives a queued task its slot.
///
/// # Errors
/// `invalid_state` if it is not queued.
pub fn claim(was: &Solo, ctx: &mut Ctx) -> Result<SoloDecision, Refusal> {
    let task = claimed(&was.task, ctx)?;
    let effects = vec![Effect::Start(task.task_id.clone())];
    Ok(change(was, task, ctx, "task.started", Value::Null, effects))
}

/// Its process is known to execute.
///
/// # Errors
/// `invalid_state` if it does not run under this fence.
pub fn started(
    was: &Solo,
    ctx: &mut Ctx,
    fence: u64,
    pid: u32,
    start_time: u64,
) -> Result<SoloDecision, Refusal> {
    let task = placed(fenced(&was.task, fence)?, pid, start_time, ctx.now);
    Ok(change(was, task, ctx, "task.running", json!({ "pid": pid }), Vec::new()))
}

/// It reports its progress in one line.
///
/// # Errors
/// `invalid_state` if it does not run under this fence.
pub fn progress(
    was: &Solo,
    ctx: &mut Ctx,
    fence: u64,
    line: &str,
) -> Result<SoloDecision, Refusal> {
    let task = lively(fenced(&was.task, fence)?, line, ctx.now);
    Ok(change(was, task, ctx, "task.progress", Value::Null, Vec::new()))
}

/// Its process reports a line of progress, or what it has used so far: both are recorded in the
/// same unit. See [`crate::drive::reported`], which is the same for a step.
///
/// # Errors
/// `invalid_state` if it does not run; `engine_owned` for a report that says more.
pub fn reported(was: &Solo, ctx: &mut Ctx, report: &TaskReport) -> Result<SoloDecision, Refusal> {
    is_progress(report)?;
    let mut task = fenced(&was.task, was.task.fence)?;
    told::check(&task, report)?;
    told::write(&mut task, report, ctx.now);
    let mut data = json!({ "progress": task.progress_summary, "usage": task.usage });
    let mut effects = Vec::new();
    if let Some(up) = spent(&mut task, ctx) {
        data["usedUp"] = json!(up);
        effects.push(Effect::Stop(task.task_id.clone()));
    }
    Ok(change(was, task, ctx, "task.progress", data, effects))
}

/// What of its own budget a task has used up now, if it was not told to stop before: now it is.
pub(super) fn spent(task: &mut Task, ctx: &Ctx) -> Option<String> {
    let up = task.used_up().filter(|_| task.cancel_requested_at.is_none())?;
    task.cancel_requested_at = Some(ctx.now);
    Some(up)
}

/// Settles it by its shim's report.
///
/// # Errors
/// `invalid_state` if it does not run under this fence.
pub fn ended(
    was: &Solo,
    ctx: &mut Ctx,
    fence: u64,
    report: &Report,
) -> Result<SoloDecision, Refusal> {
    let mut task = fenced(&was.task, fence)?;
    let (how, error) = outcome(&task, false, report);
    let error = error.map(|error| error.message);
    task.status = next_status(task.status, how)?;
    task.ended_at = Some(ctx.now.max(task.created_at));
    task.last_event_at = ctx.now;
    settle(&mut task, report, error.as_deref());
    let data = json!({ "outcome": how, "exit": report.exit, "stop": report.notes });
    Ok(change(was, task, ctx, "task.ended", data, Vec::new()))
}

/// Settles it as lost: nothing of it runs any more, and nobody knows what it did.
///
/// # Errors
/// `invalid_state` if it does not run under this fence.
pub fn lost(
    was: &Solo,
    ctx: &mut Ctx,
    fence: u64,
    why: &str,
    evidence: Value,
) -> Result<SoloDecision, Refusal> {
    let mut task = fenced(&was.task, fence)?;
    task.status = next_status(task.status, TaskMove::Lose)?;
    task.ended_at = Some(ctx.now.max(task.created_at));
    task.last_event_at = ctx.now;
    task.error = Some(cut(why, SUMMARY_CHARS_MAX));
    let data = json!({ "outcome": "lost", "why": why, "evidence": evidence });
    Ok(change(was, task, ctx, "task.ended", data, Vec::new()))
}

/// Stops it: a queued task never starts, a running one is stopped. One that somebody else runs is
/// let go of: its record ends, the work does not.
///
/// # Errors
/// `terminal` if it has ended.
pub fn cancel(was: &Solo, ctx: &mut Ctx, reason: &str) -> Result<SoloDecision, Refusal> {
    if was.task.reported {
        return super::recorded::detach(was, ctx, reason);
    }
    let mut task = Task::clone(&was.task);
    let data = json!({ "reason": limits::reason(reason) });
    if task.status == TaskStatus::Running {
        task.cancel_requested_at.get_or_insert(ctx.now);
        let effects = vec![Effect::Stop(task.task_id.clone())];
        return Ok(change(was, task, ctx, "task.cancel_requested", data, effects));
    }
    task.status = next_status(task.status, TaskMove::Cancel)?;
    task.ended_at = Some(ctx.now.max(task.created_at));
    task.last_event_at = ctx.now;
    task.error = Some("cancelled before it started".to_owned());
    Ok(change(was, task, ctx, "task.ended", json!({ "outcome": "cancel" }), Vec::new()))
}

/// Changes what the owner is told of it.
///
/// # Errors
/// `terminal` if it has ended.
pub fn notify(was: &Solo, ctx: &mut Ctx, policy: NotifyPolicy) -> Result<SoloDecision, Refusal> {
    if was.task.status.is_terminal() {
        let message = format!("the task is already {}", was.task.status);
        return Err(Refusal::new(Code::Terminal, message));
    }
    let data = json!({ "was": was.task.notify_policy, "notifyPolicy": policy });
    let task = notified(&was.task, policy);
    Ok(change(was, task, ctx, "task.notify_changed", data, Vec::new()))
}
