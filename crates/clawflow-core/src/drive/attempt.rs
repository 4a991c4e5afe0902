//! A new attempt of a step: a task, running at once if there is a slot and no queue limits it, else
//! queued.

use super::Draft;
use super::begin::fail_by_eval;
use super::child::new_child;
use super::launch::prepare;
use crate::definition::Action;
use crate::effect::Effect;
use crate::step::StepStatus;
use crate::task::{Runtime, Task, fresh};
use serde_json::json;

/// The step's next attempt, at once or, while starts are held back, with `unpause` or the end of
/// another step: until then the step is pending again, so that its due time is settled.
pub(super) fn try_again(draft: &mut Draft, at: usize) {
    if draft.is_held(at) || draft.is_full(at) {
        draft.set_status(at, StepStatus::Pending);
        draft.step_mut(at).due_at = None;
    } else {
        new_attempt(draft, at);
    }
}

/// Records the next attempt. The guard on the flow's row that every unit carries makes this commit
/// lose against a cancel, a pause or an end that came first.
pub(super) fn new_attempt(draft: &mut Draft, at: usize) {
    if let Action::Flow(_) = draft.def(at).action {
        return new_child(draft, at);
    }
    let attempt = draft.step(at).attempt + 1;
    let launch = match prepare(&draft.scope_of(at, attempt), at) {
        Ok(launch) => launch,
        Err(error) => return fail_by_eval(draft, at, &error),
    };
    let shown = match &draft.def(at).action {
        _ if launch.shown.is_some() => launch.shown.clone().unwrap_or_default(),
        Action::Pipeline(_) => launch.command.argv.last().cloned().unwrap_or_default(),
        Action::Shell(_) => launch.command.argv[2].clone(),
        _ => launch.command.argv.join(" "),
    };
    let queue = draft.state.definition.queue_of(draft.def(at)).cloned();
    // Whether a queue has a place is known where all of its tasks are.
    let starts = draft.slots > 0 && queue.is_none();
    draft.slots -= usize::from(starts);
    let owner_key = draft.state.flow.owner_key.clone();
    let agent_id = launch.command.acp.as_ref().map(|acp| acp.agent.clone());
    let task = Task {
        runtime: if agent_id.is_some() { Runtime::Acp } else { Runtime::Cli },
        agent_id,
        parent_flow_id: Some(draft.state.flow.flow_id.clone()),
        step_id: Some(draft.step(at).step_id.clone()),
        attempt,
        parent_task_id: draft.step(at).task_id.clone(),
        priority: queue.as_ref().and_then(|queue| queue.priority),
        queue: queue.map(|queue| queue.name),
        budget: draft.def(at).budget,
        ..fresh(draft.ctx, owner_key, &shown, starts)
    };
    let id = task.task_id.clone();
    draft.set_status(at, StepStatus::Starting);
    let step = draft.step_mut(at);
    step.attempt = attempt;
    step.task_id = Some(id.clone());
    step.due_at = None;
    step.error = None;
    let kind = if starts { "step.started" } else { "step.queued" };
    draft.event(kind, Some(at), Some(&id), json!({ "attempt": attempt }));
    draft.effect(if starts { Effect::Start(id) } else { Effect::Queued(id) });
    draft.put_task(task);
}
