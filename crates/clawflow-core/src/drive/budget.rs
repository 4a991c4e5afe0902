//! The budget of a flow: what it has used is compared with it in each decision, and once it is used
//! up nothing forward starts until somebody raises it, or cancels the flow.
//!
//! A flow that is held has open waits of kind `budget`: its own question, or one that names the
//! flow above, whose budget it draws from, or both. What ends the flow is not held: it is bounded
//! by itself.

use super::Draft;
use super::advance::advance;
use super::cost;
use super::progress::running;
use super::state::{Ctx, Decision, FlowState};
use crate::budget::Budget;
use crate::definition::Phase;
use crate::effect::Effect;
use crate::error::{Code, Refusal};
use crate::flow::{Flow, check_revision, check_whole};
use crate::ids::{FlowId, TaskId, WaitId};
use crate::task::{Task, TaskReport, TaskStatus, Usage, check_report, is_progress, write};
use crate::wait::{Wait, WaitKind, WaitState};
use serde_json::{Value, json};
use std::sync::Arc;

/// What the timer of a budget's time is called.
pub(crate) const TARGET: &str = "budget";

/// What a flow has used so far: its steps, its tasks and the flows of its steps.
#[must_use]
pub fn used(state: &FlowState) -> Option<Usage> {
    cost::used(state)
}

/// Sets the alarm of a flow whose budget is of time.
pub(super) fn open(draft: &mut Draft) {
    let Some(alarm) = alarm(&draft.state.flow, draft.ctx) else { return };
    draft.effect(Effect::Timer);
    draft.put_wait(alarm);
}

/// The alarm of a flow whose budget is of time.
pub(crate) fn alarm(flow: &Flow, ctx: &mut Ctx) -> Option<Wait> {
    let due = flow.created_at.saturating_add_unsigned(flow.budget?.wall_ms?);
    let (wait_id, now) = (WaitId::new(ctx.ids), ctx.now);
    Some(Wait {
        target: Some(TARGET.to_owned()),
        due_at: Some(due.max(now)),
        ..Wait::fresh(wait_id, flow.flow_id.clone(), WaitKind::Timer, now)
    })
}

/// Whether this is the alarm.
pub(super) fn is_alarm(wait: &Wait) -> bool {
    wait.kind == WaitKind::Timer && wait.step_id.is_none() && wait.target.as_deref() == Some(TARGET)
}

/// The time is over.
pub(super) fn passed(draft: &mut Draft) {
    close(draft, is_alarm, WaitState::Expired, None);
}

/// Holds the flow if its budget is used up and there is anything left to start.
pub(super) fn check(draft: &mut Draft) {
    let flow = &draft.state.flow;
    let Some(budget) = flow.budget else { return };
    if draft.cancelling() || draft.stopping || own(draft).is_some() || flow.in_line_since.is_some()
    {
        return;
    }
    let used = cost::used(&draft.state).unwrap_or_default();
    let ms = draft.now().saturating_sub(flow.created_at);
    let Some(up) = budget.used_up(&used, ms) else { return };
    if draft.phase(Phase::Forward).all(|at| draft.step(at).status.is_terminal()) {
        return;
    }
    let prompt = prompt(&flow.flow_id, &up);
    hold(draft, flow_id_of(draft), Some(prompt), json!({ "usedUp": up, "used": used }));
}

/// What somebody is asked.
pub(crate) fn prompt(flow_id: &FlowId, up: &str) -> String {
    let how = format!("clawflow flows budget {flow_id} …");
    format!("the budget is used up: {up}. Raise it ({how}) or cancel the flow")
}

fn flow_id_of(draft: &Draft) -> FlowId {
    draft.state.flow.flow_id.clone()
}

/// The open question.
fn own<'d>(draft: &'d Draft) -> Option<&'d Arc<Wait>> {
    draft.state.waits.values().find(|wait| is_hold(wait, &draft.state.flow.flow_id))
}

/// Whether this wait holds the flow for the budget of `of`.
pub(crate) fn is_hold(wait: &Wait, of: &FlowId) -> bool {
    wait.kind == WaitKind::Budget && wait.target.as_deref() == Some(of.as_str())
}

/// Holds the flow for the budget of `of`.
fn hold(draft: &mut Draft, of: FlowId, prompt: Option<String>, mut data: Value) {
    let (wait_id, now) = (WaitId::new(draft.ctx.ids), draft.now());
    let flow_id = draft.state.flow.flow_id.clone();
    data["waitId"] = json!(wait_id);
    data["of"] = json!(of);
    draft.put_wait(Wait {
        target: Some(of.0),
        prompt,
        ..Wait::fresh(wait_id, flow_id, WaitKind::Budget, now)
    });
    draft.state.flow.held_at.get_or_insert(now);
    draft.flow_event("flow.budget_used_up", data);
    tell_children(draft);
}

/// The flows of steps hold too, or go on.
fn tell_children(draft: &mut Draft) {
    let waits = draft.state.waits.values().filter(|wait| wait.kind == WaitKind::Flow);
    let waits: Vec<WaitId> = waits.map(|wait| wait.wait_id.clone()).collect();
    for wait_id in waits {
        draft.effect(Effect::Child { wait_id, again: false });
    }
}

/// Closes the waits of the flow as a whole that are like this.
pub(super) fn close(
    draft: &mut Draft,
    like: impl Fn(&Wait) -> bool,
    to: WaitState,
    answer: Option<(&Value, &str)>,
) -> bool {
    let open = draft.state.waits.values().filter(|wait| wait.step_id.is_none() && like(wait));
    let open: Vec<Wait> = open.map(|wait| Wait::clone(wait)).collect();
    let any = !open.is_empty();
    for mut wait in open {
        wait.state = to;
        wait.closed_at = Some(draft.now());
        wait.answer = answer.map(|(value, _)| value.clone());
        wait.answered_by = answer.map(|(_, by)| by.to_owned());
        draft.put_wait(wait);
    }
    any
}

/// A flow that is being cancelled or has ended asks for nothing more.
pub(super) fn give_up(draft: &mut Draft) {
    let of_budget = |wait: &Wait| wait.kind == WaitKind::Budget || is_alarm(wait);
    close(draft, of_budget, WaitState::Cancelled, None);
    draft.state.flow.held_at = None;
}

/// Lets the flow start again what it held, if nothing else holds it.
fn let_go(draft: &mut Draft, data: Value) {
    if draft.state.waits.values().any(|wait| wait.kind == WaitKind::Budget) {
        return;
    }
    draft.state.flow.held_at = None;
    draft.flow_event("flow.budget_released", data);
    let queued = draft.state.tasks.values().filter(|task| task.status == TaskStatus::Queued);
    let queued: Vec<Effect> = queued.map(|t| Effect::Queued(t.task_id.clone())).collect();
    queued.into_iter().for_each(|effect| draft.effect(effect));
    tell_children(draft);
}

/// Gives the flow another budget; an empty one is no limit. A flow that was held goes on if there
/// is something left of it.
///
/// # Errors
/// `terminal`, `cancel_requested`, `revision_conflict`; `invalid` for what is no budget.
pub fn set_budget(
    state: &FlowState,
    ctx: &mut Ctx,
    expected_revision: Option<u64>,
    budget: Budget,
    by: &str,
) -> Result<Decision, Refusal> {
    check_revision(&state.flow, expected_revision)?;
    let mut draft = Draft::open(state, ctx)?;
    if draft.cancelling() {
        return Err(Refusal::new(Code::CancelRequested, "a cancel was requested"));
    }
    budget.check()?;
    check_whole("the name of who sets the budget", by)?;
    let was = draft.state.flow.budget;
    draft.state.flow.budget = Some(budget).filter(|budget| !budget.is_empty());
    if draft.state.flow.budget == was {
        return Ok(draft.finish());
    }
    draft.flow_event("flow.budget_set", json!({ "was": was, "budget": budget, "by": by }));
    if was.and_then(|was| was.wall_ms) != budget.wall_ms {
        close(&mut draft, is_alarm, WaitState::Cancelled, None);
        if draft.state.flow.in_line_since.is_none() {
            open(&mut draft);
        }
    }
    let used = cost::used(state).unwrap_or_default();
    let ms = draft.now().saturating_sub(state.flow.created_at);
    if budget.used_up(&used, ms).is_none() {
        let id = flow_id_of(&draft);
        let answer = json!({ "budget": budget });
        let held = |wait: &Wait| is_hold(wait, &id);
        if close(&mut draft, held, WaitState::Resolved, Some((&answer, by))) {
            let_go(&mut draft, json!({ "by": by }));
        }
    }
    advance(&mut draft)?;
    Ok(draft.finish())
}

/// The flow above is held, or goes on, and so does this one, which draws from its budget.
///
/// # Errors
/// `invalid_state` if it does so already, or has no flow above; `terminal` for an ended flow,
/// `cancel_requested` for one that is to end.
pub fn follow_parent(state: &FlowState, ctx: &mut Ctx, held: bool) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    if draft.cancelling() {
        return Err(Refusal::new(Code::CancelRequested, "a cancel was requested"));
    }
    let Some(parent) = state.flow.parent_flow_id.clone() else {
        return Err(Refusal::state("hold", "nobody's child"));
    };
    let is_held = state.waits.values().any(|wait| is_hold(wait, &parent));
    if held == is_held {
        return Err(Refusal::state("hold", "as its parent is already"));
    }
    if held {
        hold(&mut draft, parent, None, json!({}));
        return Ok(draft.finish());
    }
    close(&mut draft, |wait| is_hold(wait, &parent), WaitState::Resolved, None);
    let_go(&mut draft, json!({ "of": parent }));
    advance(&mut draft)?;
    Ok(draft.finish())
}

/// What a child flow has used so far. It may be told late, or twice.
///
/// # Errors
/// `invalid_state` if that is known, or no step waits for the child; `terminal` for an ended flow.
pub fn child_used(
    state: &FlowState,
    ctx: &mut Ctx,
    child: &FlowId,
    used: &Usage,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let named = |wait: &&Arc<Wait>| {
        wait.kind == WaitKind::Flow && wait.target.as_deref() == Some(child.as_str())
    };
    let Some(wait) = state.waits.values().find(named) else {
        return Err(Refusal::state("report a child flow to", "not waiting for it"));
    };
    let used = Usage::newest(wait.used.clone(), Some(used.clone()));
    if used == wait.used {
        return Err(Refusal::state("report a child flow to", "told of that"));
    }
    draft.put_wait(Wait { used, ..Wait::clone(wait) });
    cost::compare(&mut draft, None);
    advance(&mut draft)?;
    Ok(draft.finish())
}

/// The process of a running attempt reports a line of progress, or what it has used so far: both
/// are recorded in the same unit. An attempt that has used up its own budget is stopped.
///
/// This is the one way in which the use of an attempt at work is recorded. Runtimes that see it
/// themselves (an agent's updates) tell it by a report with nothing but `usage`, which is all that
/// the attempt has used so far, not what was added.
///
/// # Errors
/// `invalid_state` for a task that does not run; `engine_owned` for a report that says more.
pub fn reported(
    state: &FlowState,
    ctx: &mut Ctx,
    task_id: &TaskId,
    report: &TaskReport,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let Some(was) = state.tasks.get(task_id) else {
        return Err(Refusal::state("report on", "no open task"));
    };
    is_progress(report)?;
    let was = running(state, task_id, was.fence)?;
    check_report(&was, report)?;
    let now = draft.now();
    let mut task = Task::clone(&was);
    write(&mut task, report, now);
    let at = state.steps.iter().position(|s| s.task_id.as_ref() == Some(task_id));
    let news = task.usage != was.usage;
    let usage = task.usage.clone();
    let up = task.used_up();
    draft.put_task(task);
    if news {
        draft.event("task.progress", at, Some(task_id), json!({ "usage": usage }));
        if let Some(up) = up {
            super::cancel::stop_spent(&mut draft, at, task_id, &up);
        }
        cost::compare(&mut draft, at);
        advance(&mut draft)?;
    }
    Ok(draft.finish())
}
