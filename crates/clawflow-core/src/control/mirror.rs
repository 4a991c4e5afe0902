//! Flows that mirror their one task.
//!
//! A task of an agent that belongs to no flow gets one of its own in the unit that records it, so
//! that it is found, watched and cancelled as every flow is. The flow is decided by the same law as
//! those that code drives, with two differences: no controller moves it, and each decision about
//! its task leaves the flow's row as the task has it, in the same unit.

use super::cancel::stop_children;
use super::draft::Draft;
use super::permission;
use super::state::{ControlDecision, ControlState, Ended};
use crate::drive::Ctx;
use crate::error::Refusal;
use crate::flow::{self, Moved, SyncMode};
use crate::task::solo::SoloDecision;
use crate::task::{Runtime, ScopeKind, Task};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is said of a task whose flow was cancelled without a reason.
const CANCELLED: &str = "the flow is cancelled";

/// Whether a new task gets a flow of its own: an agent's, of an owner, and of no flow.
#[must_use]
pub fn gets_mirror(task: &Task) -> bool {
    matches!(task.runtime, Runtime::Acp | Runtime::Subagent)
        && task.scope_kind == ScopeKind::Session
        && task.parent_flow_id.is_none()
        && !task.owner_key.trim().is_empty()
}

/// Puts a flow around a new task, whatever its decision says of it already: one unit makes both.
#[must_use]
pub fn mirrored(made: SoloDecision, ctx: &mut Ctx) -> ControlDecision {
    let SoloDecision { mut unit, solo, effects } = made;
    let flow = flow::mirror_of(&solo.task, ctx.ids);
    let task = Task { parent_flow_id: Some(flow.flow_id.clone()), ..Task::clone(&solo.task) };
    let state = ControlState {
        flow: flow.clone(),
        tasks: BTreeMap::new(),
        waits: BTreeMap::new(),
        ended: Ended::default(),
        last_event: 0,
    };
    let mut draft = Draft::create(&state, ctx);
    let data = json!({ "mirrors": task.task_id });
    draft.apply(Moved { flow, event: Some(("flow.created", data)) });
    for event in std::mem::take(&mut unit.events) {
        draft.event(&event.kind, Some(&task.task_id), event.data);
    }
    for effect in effects {
        draft.effect(effect);
    }
    let mut owed = std::mem::take(&mut unit.deliveries);
    for change in &mut owed {
        change.row.flow_id.clone_from(&task.parent_flow_id);
        change.row.data["flowId"] = json!(task.parent_flow_id);
    }
    draft.owe(owed.into_iter().map(|change| change.row).collect());
    for outcome in &mut unit.outcomes {
        // The answer is the task, or has it.
        let answer = match outcome.answer.get("task") {
            Some(Value::Object(_)) => &mut outcome.answer["task"],
            _ => &mut outcome.answer,
        };
        if answer["taskId"] == json!(task.task_id) {
            answer["parentFlowId"] = json!(task.parent_flow_id);
        }
    }
    let task_id = task.task_id.clone();
    if task.status.is_terminal() {
        draft.state.ended.count(&task);
    }
    draft.put_task(task);
    draft.about(&task_id);
    unit.tasks.clear();
    let mut decision = draft.finish();
    decision.unit.join(unit);
    decision
}

/// Cancels the task of a mirroring flow: the intent, then the task. The flow ends with it.
pub(super) fn cancel(mut draft: Draft, reason: &str) -> Result<ControlDecision, Refusal> {
    let mut flow = draft.state.flow.clone();
    if flow::intend(&mut flow, reason, draft.now()) {
        let data = json!({ "reason": flow.cancel_reason });
        draft.apply(Moved { flow, event: Some(("flow.cancel_requested", data)) });
    }
    let why = draft.state.flow.cancel_reason.clone();
    stop_children(&mut draft, why.as_deref().unwrap_or(CANCELLED))?;
    Ok(draft.finish())
}

/// Leaves the row of a mirroring flow as its task has it after this decision.
pub(super) fn follow(draft: &mut Draft) {
    if draft.state.flow.sync_mode != SyncMode::TaskMirrored {
        return;
    }
    let Some(task) = draft.touched() else { return };
    let flow = flow::follow(&draft.state.flow, &task);
    if flow == draft.state.flow {
        return;
    }
    let event = (flow.status != draft.state.flow.status).then_some(("flow.mirrored", Value::Null));
    draft.apply_about(Moved { flow, event }, Some(&task.task_id));
    if draft.cancelling() {
        permission::give_up(draft);
    }
}
