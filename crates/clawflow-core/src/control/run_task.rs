//! Adds a child: launches a command, or records one that the caller runs.

use super::draft::Draft;
use super::set_waiting::{WaitFor, new_wait, open_wait};
use super::state::{ControlDecision, ControlState};
use crate::Millis;
use crate::budget::Budget;
use crate::drive::Ctx;
use crate::effect::Effect;
use crate::error::{Code, Refusal};
use crate::flow::{self, Blocker, Field, Flow, NotifyPolicy, Patch, SyncMode, check_text};
use crate::ids::TaskId;
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use crate::task::{
    Executor, Runtime, Task, TaskCommand, TaskStatus, as_subagent, back_date, check_command,
    check_start, fresh, notified, within,
};
use crate::wait::OnResolved;
use serde_json::json;
use std::sync::Arc;

/// The step at work of a flow that waits for a child and names none, as in ClawFlow.
const STEP_DEFAULT: &str = "wait_for_task";

/// What a child is made from.
#[derive(Clone, Debug)]
pub struct NewChild {
    /// What executes it.
    pub runtime: Runtime,
    /// What it is to do, for people; cut if it is long.
    pub task: String,
    /// What to launch: a command with runtime `cli` or `subagent`, an agent's turn with `acp` or
    /// `subagent`. Without it the child is recorded.
    pub command: Option<TaskCommand>,
    /// Of a recorded child: `queued` (default) or `running`. Of a launched one it has no effect.
    pub status: Option<TaskStatus>,
    /// The run: the same one means the same task within owner, flow and runtime.
    pub run_id: Option<String>,
    /// Session of the child, for agents.
    pub child_session_key: Option<String>,
    /// The id that its reporter has given it; a new one, if absent.
    pub task_id: Option<TaskId>,
    /// What sort of work it is.
    pub kind: Option<String>,
    /// Of a recorded, running child: the process to follow.
    pub executor: Option<Executor>,
    /// Schedule or tool that caused it.
    pub source_id: Option<String>,
    /// The attempt that it retries.
    pub parent_task_id: Option<TaskId>,
    /// Agent.
    pub agent_id: Option<String>,
    /// Short name.
    pub label: Option<String>,
    /// What the owner is told of it; nothing, if absent: the flow tells.
    pub notify_policy: Option<NotifyPolicy>,
    /// Of a recorded, running child: since when.
    pub started_at: Option<Millis>,
    /// Of a recorded, running child: its last sign of life.
    pub last_event_at: Option<Millis>,
    /// Of a recorded, running child: its last line of progress.
    pub progress_summary: Option<String>,
    /// Whether the flow waits for it from now on, in the same unit.
    pub wait: bool,
    /// With `wait`: the step at work; else the flow's own, else `wait_for_task`.
    pub current_step: Option<String>,
    /// What it may use.
    pub budget: Option<Budget>,
}

impl NewChild {
    /// A child that its caller runs, with nothing special.
    #[must_use]
    pub fn new(runtime: Runtime, task: impl Into<String>) -> Self {
        Self {
            runtime,
            task: task.into(),
            command: None,
            status: None,
            run_id: None,
            child_session_key: None,
            task_id: None,
            kind: None,
            executor: None,
            source_id: None,
            parent_task_id: None,
            agent_id: None,
            label: None,
            notify_policy: None,
            started_at: None,
            last_event_at: None,
            progress_summary: None,
            wait: false,
            current_step: None,
            budget: None,
        }
    }
}

/// Adds the child; it is [`ControlDecision::task`]. `same_run` is the flow's child of this runtime
/// with this run id, open or ended, if the store has one: then nothing changes. The guard on the
/// flow's row, which a unit that leaves the row alone carries, makes this commit lose against a
/// cancel, a pause or an end that came first.
///
/// # Errors
/// In this order: `not_managed`, `engine_owned`, `cancel_requested`, `terminal`, `paused`, and
/// `invalid` for a child that cannot be, also for a command on a runtime that launches none.
pub fn run_task(
    state: &ControlState,
    ctx: &mut Ctx,
    new: NewChild,
    same_run: Option<&Arc<Task>>,
) -> Result<ControlDecision, Refusal> {
    may_start(&state.flow)?;
    let new = checked(new)?;
    let same = |task: &&Arc<Task>| task.runtime == new.runtime && task.run_id == new.run_id;
    let open = || state.tasks.values().find(same);
    if let Some(task) = same_run.or_else(|| new.run_id.as_ref().and_then(|_| open())) {
        let mut decision = Draft::new(state, ctx).finish();
        decision.task = Some(task.clone());
        return Ok(decision);
    }
    let mut draft = Draft::new(state, ctx);
    let task = match new.command.is_some() {
        true => launched(&new, &mut draft),
        false => recorded(&new, &mut draft),
    };
    let id = task.task_id.clone();
    let data = json!({
        "status": task.status, "runtime": task.runtime, "label": task.label,
        "runId": task.run_id, "reported": task.reported,
    });
    draft.put_task(task);
    draft.about(&id);
    draft.event("task.created", Some(&id), data);
    if new.wait {
        wait_for(&mut draft, &id, new.current_step)?;
    }
    Ok(draft.finish())
}

/// Whether a child may start, in the order of the original's refusals.
fn may_start(flow: &Flow) -> Result<(), Refusal> {
    let refused = |code, message: String| Err(Refusal::new(code, message));
    if flow.sync_mode != SyncMode::Managed {
        return refused(Code::NotManaged, "Flow does not accept managed child tasks.".to_owned());
    }
    flow::check_driver(flow)?;
    if flow.cancel_requested_at.is_some() {
        let message = "Flow cancellation has already been requested.";
        return refused(Code::CancelRequested, message.to_owned());
    }
    if flow.is_terminal() {
        return refused(Code::Terminal, format!("Flow is already {}.", flow.status));
    }
    if flow.paused_at.is_some() {
        return refused(Code::Paused, "Flow is paused.".to_owned());
    }
    if flow.held_at.is_some() {
        return refused(Code::Paused, "Flow is held: its budget is used up.".to_owned());
    }
    Ok(())
}

/// The child as it can be stored.
fn checked(mut new: NewChild) -> Result<NewChild, Refusal> {
    let invalid = |message: String| Err(Refusal::new(Code::Invalid, message));
    if new.task.trim().is_empty() {
        return invalid("the task is blank".to_owned());
    }
    if new.task.contains('\0') {
        return invalid("the task contains a NUL character".to_owned());
    }
    if let Some(command) = &new.command {
        match (new.runtime, &command.acp) {
            (Runtime::Subagent, _) => check_start(command)?,
            (Runtime::Cli, None) | (Runtime::Acp, Some(_)) => check_command(command)?,
            (Runtime::Acp, None) => return invalid("an agent is asked, not run".to_owned()),
            (Runtime::Cli, Some(_)) => return invalid("an agent has the runtime acp".to_owned()),
            (runtime, _) => {
                return invalid(format!("the runtime {runtime} cannot launch a command"));
            }
        }
    }
    new.budget.as_ref().map_or(Ok(()), Budget::check)?;
    if let Some(status) = new.status.filter(|status| status.is_terminal()) {
        return invalid(format!("a new task cannot be {status}"));
    }
    let texts = [
        ("the run id", &mut new.run_id),
        ("the child session key", &mut new.child_session_key),
        ("the kind", &mut new.kind),
        ("the source id", &mut new.source_id),
        ("the agent id", &mut new.agent_id),
        ("the label", &mut new.label),
        ("the current step", &mut new.current_step),
    ];
    for (what, field) in texts {
        if let Some(text) = field {
            *text = check_text(what, text)?;
        }
    }
    if [new.started_at, new.last_event_at].into_iter().flatten().any(|at| at < 0) {
        return invalid("a time is before 1970".to_owned());
    }
    Ok(new)
}

/// What every child has.
fn child(new: &NewChild, draft: &mut Draft, starts: bool) -> Task {
    let Flow { flow_id, owner_key, requester_origin, .. } = draft.state.flow.clone();
    let task = Task {
        runtime: new.runtime,
        requester_origin,
        parent_flow_id: Some(flow_id),
        kind: new.kind.clone(),
        source_id: new.source_id.clone(),
        child_session_key: new.child_session_key.clone(),
        parent_task_id: new.parent_task_id.clone(),
        agent_id: new.agent_id.clone(),
        run_id: new.run_id.clone(),
        label: new.label.as_ref().map(|label| cut(label, SUMMARY_CHARS_MAX)),
        budget: new.budget.filter(|budget| !budget.is_empty()),
        ..fresh(draft.ctx, owner_key, new.task.trim(), starts)
    };
    notified(&task, new.notify_policy.unwrap_or(NotifyPolicy::Silent))
}

/// A child that the engine launches: at once if there is a slot, else it waits for one.
fn launched(new: &NewChild, draft: &mut Draft) -> Task {
    let agent = new.agent_id.as_deref().filter(|_| new.runtime == Runtime::Subagent);
    // Whether a queue has a place is known where all of its tasks are.
    let starts = draft.ctx.slots > 0 && agent.is_none();
    let command = new.command.clone().map(|command| within(command, new.budget.as_ref()));
    let asked = command.as_ref().and_then(|command| command.acp.as_ref());
    let asked = asked.map(|acp| acp.agent.clone());
    let task = child(new, draft, starts);
    let task = Task { agent_id: task.agent_id.clone().or(asked), command, ..task };
    let task = match agent {
        Some(agent) => as_subagent(task, agent),
        None => task,
    };
    let id = task.task_id.clone();
    draft.effect(if starts { Effect::Start(id) } else { Effect::Queued(id) });
    task
}

/// A child that its caller runs and reports about: the engine only keeps its row.
fn recorded(new: &NewChild, draft: &mut Draft) -> Task {
    let now = draft.now();
    let running = new.status == Some(TaskStatus::Running);
    let mut task = Task { reported: true, ..child(new, draft, false) };
    if let Some(task_id) = &new.task_id {
        task.task_id = task_id.clone();
    }
    if running {
        task.executor.clone_from(&new.executor);
        task.status = TaskStatus::Running;
        task.started_at = Some(new.started_at.unwrap_or(now));
        task.last_event_at = new.last_event_at.unwrap_or(now);
        let progress = new.progress_summary.as_deref().map(str::trim);
        let progress = progress.filter(|text| !text.is_empty());
        task.progress_summary = progress.map(|text| cut(text, SUMMARY_CHARS_MAX));
        back_date(&mut task);
    }
    task
}

/// The flow waits for its new child.
fn wait_for(draft: &mut Draft, id: &TaskId, step: Option<String>) -> Result<(), Refusal> {
    let step = step.or_else(|| draft.state.flow.current_step.clone());
    let step = step.unwrap_or_else(|| STEP_DEFAULT.to_owned());
    let patch = Patch { current_step: Field::Set(step), ..Patch::default() };
    let now = draft.now();
    let moved = flow::set_waiting(&draft.state.flow, None, patch, Blocker::default(), now)?;
    draft.park(moved, true);
    let what = WaitFor::Task { task_id: id.clone() };
    let wait = new_wait(draft, Some(what), OnResolved::Resume);
    open_wait(draft, wait);
    Ok(())
}
