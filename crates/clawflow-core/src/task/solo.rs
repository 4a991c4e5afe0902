//! Tasks of their own, without a flow: one command, run once, never tried again by itself.

use super::{Executor, Task, TaskCommand, TaskMove, TaskStatus, fresh, next_status};
use crate::drive::{Ctx, Report, message, verdict};
use crate::effect::Effect;
use crate::error::{Code, Refusal};
use crate::event::Event;
use crate::limits::{SUMMARY_CHARS_MAX, cut};
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
}

/// Records a new task, running at once if there is a slot, else queued.
///
/// # Errors
/// `invalid` for a blank owner or an empty command.
pub fn create(new: NewTask, ctx: &mut Ctx) -> Result<SoloDecision, Refusal> {
    if new.owner_key.trim().is_empty() {
        return Err(Refusal::new(Code::Invalid, "the owner key is blank"));
    }
    if new.command.argv.first().is_none_or(String::is_empty) {
        return Err(Refusal::new(Code::Invalid, "the command is empty"));
    }
    if new.command.argv.iter().any(|arg| arg.contains('\0')) {
        return Err(Refusal::new(Code::Invalid, "the command contains a NUL character"));
    }
    let starts = ctx.slots > 0;
    let shown = new.command.argv.join(" ");
    let task = Task {
        label: new.label.map(|label| cut(&label, SUMMARY_CHARS_MAX)),
        command: Some(new.command),
        ..fresh(ctx, new.owner_key, &shown, starts)
    };
    let id = task.task_id.clone();
    let effect = if starts { Effect::Start(id) } else { Effect::Queued(id) };
    let solo = Solo { task: Arc::new(task.clone()), last_event: 0 };
    let mut decision = change(&solo, task, ctx, "task.created", Value::Null, vec![effect]);
    Arc::make_mut(&mut decision.solo.task).version = 0;
    decision.unit.tasks = vec![Change { expected: None, row: decision.solo.task.clone() }];
    Ok(decision)
}

/// The decision that turns `was` into `task`, with a line of history.
fn change(
    was: &Solo,
    mut task: Task,
    ctx: &Ctx,
    kind: &str,
    data: Value,
    effects: Vec<Effect>,
) -> SoloDecision {
    task.version = was.task.version + 1;
    let number = was.last_event + 1;
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
        ..Unit::default()
    };
    SoloDecision { unit, solo: Solo { task: row, last_event: number }, effects }
}

/// The running task, if `fence` is still its own.
fn fenced(was: &Solo, fence: u64) -> Result<Task, Refusal> {
    if was.task.fence != fence {
        return Err(Refusal::state("report on", "of another fence"));
    }
    if was.task.status != TaskStatus::Running {
        return Err(Refusal::state("report on", was.task.status.as_str()));
    }
    Ok(Task::clone(&was.task))
}

/// Gives a queued task its slot.
///
/// # Errors
/// `invalid_state` if it is not queued.
pub fn claim(was: &Solo, ctx: &mut Ctx) -> Result<SoloDecision, Refusal> {
    let mut task = Task::clone(&was.task);
    task.status = next_status(task.status, TaskMove::Claim)?;
    task.fence += 1;
    task.executor = Some(Executor::clone(ctx.executor));
    task.started_at = Some(ctx.now);
    task.last_event_at = ctx.now;
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
    let mut task = fenced(was, fence)?;
    if let Some(executor) = &mut task.executor {
        executor.pid = Some(pid);
        executor.start_time = Some(start_time);
    }
    task.last_event_at = ctx.now;
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
    let mut task = fenced(was, fence)?;
    task.progress_summary = Some(cut(line.trim(), SUMMARY_CHARS_MAX)).filter(|l| !l.is_empty());
    task.last_event_at = ctx.now;
    Ok(change(was, task, ctx, "task.progress", Value::Null, Vec::new()))
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
    let mut task = fenced(was, fence)?;
    let how = verdict(&task, false, report);
    let error = message(how, report);
    task.status = next_status(task.status, how)?;
    task.ended_at = Some(report.ended_at.unwrap_or(ctx.now).max(task.created_at));
    task.last_event_at = ctx.now;
    task.exit.clone_from(&report.exit);
    task.error = error.map(|e| cut(&e.message, SUMMARY_CHARS_MAX));
    task.terminal_summary.clone_from(&task.error);
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
    let mut task = fenced(was, fence)?;
    task.status = next_status(task.status, TaskMove::Lose)?;
    task.ended_at = Some(ctx.now.max(task.created_at));
    task.last_event_at = ctx.now;
    task.error = Some(cut(why, SUMMARY_CHARS_MAX));
    let data = json!({ "outcome": "lost", "why": why, "evidence": evidence });
    Ok(change(was, task, ctx, "task.ended", data, Vec::new()))
}

/// Stops it: a queued task never starts, a running one is stopped.
///
/// # Errors
/// `terminal` if it has ended.
pub fn cancel(was: &Solo, ctx: &mut Ctx, reason: &str) -> Result<SoloDecision, Refusal> {
    let mut task = Task::clone(&was.task);
    let data = json!({ "reason": reason });
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
