//! Points in time that have come.

use super::Draft;
use super::advance::advance;
use super::attempt::try_again;
use super::begin::succeed;
use super::blocks::{block_due, next_round};
use super::cancel::request;
use super::child::child_overdue;
use super::ended::fail_step;
use super::input::answered;
use super::state::{Ctx, Decision, FlowState};
use crate::definition::Action;
use crate::error::Refusal;
use crate::ids::WaitId;
use crate::step::{StepError, StepResult, StepStatus};
use crate::wait::{OnTimeout, WaitKind, WaitState};
use serde_json::json;

/// The step's next attempt is due. While the flow is paused the step becomes pending again and
/// starts with `unpause`.
///
/// # Errors
/// `invalid_state` if the step does not retry or is not due yet.
pub fn retry_due(state: &FlowState, ctx: &mut Ctx, step_id: &str) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let at = draft.position(step_id).filter(|at| {
        let step = draft.step(*at);
        step.status == StepStatus::Retrying && step.due_at.is_some_and(|due| due <= draft.now())
    });
    let Some(at) = at else {
        return Err(Refusal::state("retry", "not due for a retry"));
    };
    match draft.def(at).is_block() {
        true => next_round(&mut draft, at),
        false => try_again(&mut draft, at),
    }
    advance(&mut draft)?;
    Ok(draft.finish())
}

/// The time of an open wait has come.
///
/// # Errors
/// `invalid_state` if the wait is not open, belongs to no step or is not due yet.
pub fn wait_due(state: &FlowState, ctx: &mut Ctx, wait_id: &WaitId) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let now = draft.now();
    let due = state.waits.get(wait_id).filter(|w| w.due_at.is_some_and(|due| due <= now));
    if let Some(wait) = due.filter(|wait| wait.step_id.is_none()) {
        match super::budget::is_alarm(wait) {
            true => super::budget::passed(&mut draft),
            false => super::deadline::passed(&mut draft),
        }
        advance(&mut draft)?;
        return Ok(draft.finish());
    }
    let at = due.and_then(|w| w.step_id.as_deref()).and_then(|id| draft.position(id));
    let (Some(wait), Some(at)) = (due, at) else {
        return Err(Refusal::state("wake", "not due"));
    };
    if draft.def(at).is_block() {
        block_due(&mut draft, at, wait);
    } else if wait.kind == WaitKind::Flow {
        child_overdue(&mut draft, at);
    } else if wait.kind == WaitKind::Timer {
        draft.close_wait(at, WaitState::Resolved, None);
        succeed(&mut draft, at, StepResult::default());
    } else {
        let then = wait.on_timeout.unwrap_or(OnTimeout::Fail);
        draft.event("wait.expired", Some(at), None, json!({ "waitId": wait_id, "then": then }));
        draft.close_wait(at, WaitState::Expired, None);
        expire(&mut draft, at, wait.kind, then);
    }
    advance(&mut draft)?;
    Ok(draft.finish())
}

/// Nobody answered in time, or nothing came.
fn expire(draft: &mut Draft, at: usize, kind: WaitKind, then: OnTimeout) {
    let why = match kind {
        WaitKind::Event => "the event did not come in time",
        _ => "nobody answered in time",
    };
    let why = StepError::new("timed_out", why);
    match then {
        OnTimeout::Fail => fail_step(draft, at, why),
        OnTimeout::Continue => go_on(draft, at, kind),
        OnTimeout::Cancel => {
            let id = draft.step(at).step_id.clone();
            draft.end_step(at, StepStatus::Cancelled, Some(why));
            let reason = match kind {
                WaitKind::Event => format!("the event of {id} did not come in time"),
                _ => format!("nobody answered {id} in time"),
            };
            request(draft, &reason);
        }
    }
}

/// The step goes on without what it waited for: not approved, with the suggested response, or with
/// nothing.
fn go_on(draft: &mut Draft, at: usize, kind: WaitKind) {
    let defaults = match &draft.def(at).action {
        Action::Input(input) => input.defaults.clone(),
        _ => None,
    };
    match (kind, defaults) {
        (WaitKind::Input, Some(response)) => answered(draft, at, response),
        (WaitKind::Approval, _) => {
            let step = draft.step_mut(at);
            step.result.get_or_insert_default().approved = Some(false);
            draft.end_step(at, StepStatus::Succeeded, None);
        }
        _ => draft.end_step(at, StepStatus::Succeeded, None),
    }
}
