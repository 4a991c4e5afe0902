//! Permissions that the agent of a child asks for: a person decides while its turn waits, and
//! nobody once the turn is over, or the flow has ended or is to be cancelled.

use super::answer::{Reply, Said};
use super::draft::{Answered, Draft};
use super::progress::running;
use super::state::{ControlDecision, ControlState};
use crate::acp::AskedFor;
use crate::delivery::owed;
use crate::drive::{Ctx, permission_target, question, told_of};
use crate::effect::Effect;
use crate::error::{Code, Refusal};
use crate::ids::TaskId;
use crate::task::opened;
use crate::wait::{Wait, WaitKind, WaitState};
use serde_json::json;
use std::sync::Arc;

/// Asks a person, once for each request that is open. The flow goes on, whatever it waits for:
/// neither its row nor its revision changes.
///
/// # Errors
/// `not_managed`, `engine_owned`, `terminal`, `cancel_requested`: nobody is asked any more.
/// `invalid_state` for a child that is not running under this fence, or is to be stopped.
pub fn ask_permission(
    state: &ControlState,
    ctx: &mut Ctx,
    task_id: &TaskId,
    fence: u64,
    asked: &AskedFor,
) -> Result<ControlDecision, Refusal> {
    let mut draft = Draft::open_tasks(state, ctx, None)?;
    if draft.cancelling() {
        return Err(Refusal::new(Code::CancelRequested, "a cancel was requested"));
    }
    let task = running(state, task_id, fence)?;
    if task.cancel_requested_at.is_some() {
        return Err(Refusal::state("ask for", "to be stopped"));
    }
    let target = permission_target(task_id, fence, &asked.key);
    if state.waits.values().any(|wait| wait.target.as_ref() == Some(&target)) {
        return Ok(draft.finish());
    }
    let wait = question(&state.flow, &task, target, asked, draft.ctx);
    draft.event("wait.opened", Some(task_id), told_of(&wait, asked));
    let owed = owed::of_permission(&draft.state.flow, &wait, draft.ctx);
    draft.owe(owed);
    draft.waits.push(wait.wait_id.clone());
    draft.put_wait(wait);
    Ok(draft.finish())
}

/// The agent of a child has a session: it is on record before anything is asked in it, and another
/// attempt goes on there.
///
/// # Errors
/// `invalid_state` for a child that is not running under this fence.
pub fn agent_session(
    state: &ControlState,
    ctx: &mut Ctx,
    task_id: &TaskId,
    fence: u64,
    session: &str,
) -> Result<ControlDecision, Refusal> {
    let mut task = running(state, task_id, fence)?;
    let mut draft = Draft::new(state, ctx);
    if !opened(&mut task, session) {
        return Ok(draft.finish());
    }
    if task.child_session_key.is_none() {
        let agent = task.agent_id.as_deref().unwrap_or_default();
        task.child_session_key = Some(format!("agent:{agent}:acp:{session}"));
    }
    task.last_event_at = draft.now();
    draft.put_task(task);
    draft.event("agent.session", Some(task_id), json!({ "session": session }));
    Ok(draft.finish())
}

/// Whether this is a question of a child's agent: it is open whatever the controller waits for.
pub(super) fn is_of_agent(wait: &Wait) -> bool {
    wait.kind == WaitKind::Permission
}

/// Records a person's answer, and has the agent told.
pub(super) fn decide(draft: &mut Draft, wait: &Arc<Wait>, reply: &Reply) -> Result<(), Refusal> {
    let Said::Decision(yes) = reply.said else {
        return Err(Refusal::new(Code::Invalid, "a yes or no is asked for, not a value"));
    };
    let value = json!({ "approved": yes });
    let task = asker(wait);
    let data = json!({ "waitId": wait.wait_id, "answer": value, "by": reply.by });
    draft.event("wait.resolved", task.as_ref(), data);
    let answer = Answered { value, by: Some(reply.by.clone()) };
    draft.close_wait(wait, WaitState::Resolved, Some(&answer));
    draft.waits.push(wait.wait_id.clone());
    task.into_iter().for_each(|id| draft.effect(Effect::Told(id)));
    Ok(())
}

/// What the agent of this child asks, nobody can answer any more: its turn is over.
pub(super) fn void(draft: &mut Draft, task_id: &TaskId) {
    for wait in open(draft).iter().filter(|wait| asker(wait).as_ref() == Some(task_id)) {
        draft.close_wait(wait, WaitState::Cancelled, None);
    }
}

/// Nobody is asked about a flow that has ended or is to be cancelled. Agents that wait are told.
pub(super) fn give_up(draft: &mut Draft) {
    for wait in open(draft) {
        draft.close_wait(&wait, WaitState::Cancelled, None);
        asker(&wait).into_iter().for_each(|id| draft.effect(Effect::Told(id)));
    }
}

fn open(draft: &Draft) -> Vec<Arc<Wait>> {
    draft.state.waits.values().filter(|wait| is_of_agent(wait)).cloned().collect()
}

/// The child whose agent asks.
fn asker(wait: &Wait) -> Option<TaskId> {
    let (id, _) = wait.target.as_deref()?.split_once('.')?;
    Some(TaskId(id.to_owned()))
}
