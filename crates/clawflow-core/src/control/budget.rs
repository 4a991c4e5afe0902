//! The budget of a flow that code drives: what its children have used is compared with it wherever
//! that is recorded. Once it is used up no child starts until somebody raises it, or cancels the
//! flow; its controller may still move it.

use super::draft::{Answered, Draft};
use super::progress::running;
use super::state::{ControlDecision, ControlState, Ended};
use crate::budget::Budget;
use crate::drive::{BUDGET_TIMER, Ctx, budget_alarm, budget_prompt, is_hold};
use crate::effect::Effect;
use crate::error::{Code, Refusal};
use crate::flow::{check_driver, check_revision, check_whole};
use crate::ids::{TaskId, WaitId};
use crate::task::{Task, TaskReport, TaskStatus, check_report, is_progress, write};
use crate::wait::{Wait, WaitKind, WaitState};
use serde_json::json;

/// Whether this wait belongs to the budget: it is open whatever the controller waits for.
pub(super) fn is_of_budget(wait: &Wait) -> bool {
    wait.kind == WaitKind::Budget || is_alarm(wait)
}

/// Whether this is the alarm of a budget of time.
pub(super) fn is_alarm(wait: &Wait) -> bool {
    wait.kind == WaitKind::Timer && wait.target.as_deref() == Some(BUDGET_TIMER)
}

/// Sets the alarm of a flow whose budget is of time.
pub(super) fn open(draft: &mut Draft) {
    let Some(alarm) = budget_alarm(&draft.state.flow, draft.ctx) else { return };
    draft.effect(Effect::Timer);
    draft.put_wait(alarm);
}

/// Holds the flow if its budget is used up.
pub(super) fn check(draft: &mut Draft) {
    let flow = &draft.state.flow;
    let Some(budget) = flow.budget else { return };
    if draft.cancelling() || flow.is_terminal() || flow.held_at.is_some() {
        return;
    }
    let used = draft.state.used().unwrap_or_default();
    let ms = draft.now().saturating_sub(flow.created_at);
    let Some(up) = budget.used_up(&used, ms) else { return };
    let (wait_id, now) = (WaitId::new(draft.ctx.ids), draft.now());
    let flow_id = draft.state.flow.flow_id.clone();
    let data = json!({ "usedUp": up, "used": used, "waitId": wait_id, "of": flow_id });
    draft.put_wait(Wait {
        target: Some(flow_id.0.clone()),
        prompt: Some(budget_prompt(&flow_id, &up)),
        ..Wait::fresh(wait_id, flow_id, WaitKind::Budget, now)
    });
    draft.state.flow.held_at = Some(now);
    draft.flow_event("flow.budget_used_up", data);
}

/// Closes what the budget has open.
pub(super) fn close(draft: &mut Draft, like: fn(&Wait) -> bool, to: WaitState) {
    let open: Vec<_> = draft.state.waits.values().filter(|wait| like(wait)).cloned().collect();
    open.iter().for_each(|wait| draft.close_wait(wait, to, None));
}

/// A flow that has ended, or is to end, asks for nothing more.
pub(super) fn give_up(draft: &mut Draft) {
    close(draft, is_of_budget, WaitState::Cancelled);
    draft.state.flow.held_at = None;
}

/// Gives the flow another budget; an empty one is no limit. A flow that was held goes on if there
/// is something left of it. `ended` are the children that have ended, all of them: without a budget
/// they were not counted.
///
/// # Errors
/// As every command of a controller; `cancel_requested`; `invalid` for what is no budget.
pub fn set_budget(
    state: &ControlState,
    ctx: &mut Ctx,
    expected_revision: Option<u64>,
    budget: Budget,
    by: &str,
    ended: Ended,
) -> Result<ControlDecision, Refusal> {
    check_driver(&state.flow)?;
    check_revision(&state.flow, expected_revision)?;
    let mut draft = Draft::open(state, ctx, None)?;
    if draft.cancelling() {
        return Err(Refusal::new(Code::CancelRequested, "a cancel was requested"));
    }
    budget.check()?;
    check_whole("the name of who sets the budget", by)?;
    draft.state.ended = ended;
    let was = draft.state.flow.budget;
    draft.state.flow.budget = Some(budget).filter(|budget| !budget.is_empty());
    if draft.state.flow.budget == was {
        return Ok(draft.finish());
    }
    draft.flow_event("flow.budget_set", json!({ "was": was, "budget": budget, "by": by }));
    if was.and_then(|was| was.wall_ms) != budget.wall_ms {
        close(&mut draft, is_alarm, WaitState::Cancelled);
        open(&mut draft);
    }
    let used = draft.state.used().unwrap_or_default();
    let ms = draft.now().saturating_sub(state.flow.created_at);
    if budget.used_up(&used, ms).is_none() {
        release(&mut draft, budget, by);
    }
    check(&mut draft);
    Ok(draft.finish())
}

fn release(draft: &mut Draft, budget: Budget, by: &str) {
    let id = draft.state.flow.flow_id.clone();
    let open = draft.state.waits.values().find(|wait| is_hold(wait, &id)).cloned();
    let Some(wait) = open else { return };
    let answer = Answered { value: json!({ "budget": budget }), by: Some(by.to_owned()) };
    draft.close_wait(&wait, WaitState::Resolved, Some(&answer));
    draft.state.flow.held_at = None;
    draft.flow_event("flow.budget_released", json!({ "by": by, "waitId": wait.wait_id }));
    let tasks = draft.state.tasks.values();
    let queued = tasks.filter(|task| task.status == TaskStatus::Queued && !task.reported);
    let queued: Vec<TaskId> = queued.map(|task| task.task_id.clone()).collect();
    queued.into_iter().for_each(|id| draft.effect(Effect::Queued(id)));
}

/// The process of a launched child reports a line of progress, or what it has used so far: both are
/// recorded in the same unit. See [`crate::drive::reported`], which is the same for a step.
///
/// # Errors
/// `invalid_state` for a child that does not run; `engine_owned` for a report that says more.
pub fn reported(
    state: &ControlState,
    ctx: &mut Ctx,
    task_id: &TaskId,
    report: &TaskReport,
) -> Result<ControlDecision, Refusal> {
    is_progress(report)?;
    let fence = state.tasks.get(task_id).map_or(0, |task| task.fence);
    let was = running(state, task_id, fence)?;
    check_report(&was, report)?;
    let mut draft = Draft::new(state, ctx);
    let mut task = Task::clone(&was);
    write(&mut task, report, draft.now());
    let data = json!({ "progress": task.progress_summary, "usage": task.usage });
    let news = task.usage != was.usage;
    draft.put_task(task.clone());
    draft.about(task_id);
    draft.event("task.progress", Some(task_id), data);
    if news {
        spent(&mut draft, &task);
        check(&mut draft);
    }
    Ok(draft.finish())
}

/// Stops a child that has used up its own budget; one that its caller runs is told so by its row.
pub(super) fn spent(draft: &mut Draft, task: &Task) {
    let Some(up) = task.used_up().filter(|_| task.cancel_requested_at.is_none()) else { return };
    let id = &task.task_id;
    draft.event("task.budget_used_up", Some(id), json!({ "usedUp": up }));
    let row = Task { cancel_requested_at: Some(draft.now()), ..task.clone() };
    draft.put_task(row);
    draft.about(id);
    if !task.reported {
        draft.effect(Effect::Stop(id.clone()));
    }
}
