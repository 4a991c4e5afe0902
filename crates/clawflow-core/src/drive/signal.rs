//! Events from outside, for the steps that wait for them.

use super::Draft;
use super::advance::advance;
use super::begin::{fail_by_eval, new_wait, open_wait, succeed};
use super::ended::fail_step;
use super::state::{Ctx, Decision, FlowState};
use crate::definition::{EvalError, WaitForEvent};
use crate::effect::Effect;
use crate::error::Refusal;
use crate::flow::{check_json, check_text};
use crate::ids::WaitId;
use crate::signal::Signal;
use crate::step::{StepError, StepResult};
use crate::wait::{Wait, WaitKind, WaitState};
use serde_json::json;

/// Gives the signal to every step that waits for it; their waits are [`Decision::waits`]. Which
/// flows are asked, and whether the signal is kept if none takes it, is decided with the store.
/// That the signal is the owner's is the caller's to see.
///
/// # Errors
/// `terminal`; `invalid` for a payload that is too large; `invalid_state` if no step waits for it.
pub fn signal(state: &FlowState, ctx: &mut Ctx, signal: &Signal) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    check_json("the payload", &signal.payload)?;
    let matching = state.waits.values().filter(|wait| is_for(wait, signal));
    let matching: Vec<WaitId> = matching.map(|wait| wait.wait_id.clone()).collect();
    if matching.is_empty() {
        return Err(Refusal::state("signal", "not waiting for that"));
    }
    for wait_id in &matching {
        resolve(&mut draft, wait_id, signal);
    }
    advance(&mut draft)?;
    Ok(draft.finish())
}

/// Gives a kept signal to the one wait that takes it, after [`Effect::Awaits`]: a signal that came
/// before its wait is given once, to the first wait that it fits.
///
/// # Errors
/// `terminal`; `invalid_state` if the wait is not open any more or is for something else.
pub fn take(
    state: &FlowState,
    ctx: &mut Ctx,
    wait_id: &WaitId,
    signal: &Signal,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::open(state, ctx)?;
    let flow_id = &state.flow.flow_id;
    let mine = signal.flow_id.as_ref().is_none_or(|flow| flow == flow_id)
        && signal.owner_key == state.flow.owner_key;
    if !mine || !state.waits.get(wait_id).is_some_and(|wait| is_for(wait, signal)) {
        return Err(Refusal::state("signal", "not waiting for that"));
    }
    draft.take(signal);
    resolve(&mut draft, wait_id, signal);
    advance(&mut draft)?;
    Ok(draft.finish())
}

/// Whether the wait is for this signal.
fn is_for(wait: &Wait, signal: &Signal) -> bool {
    wait.kind == WaitKind::Event
        && wait.target.as_deref() == Some(signal.name.as_str())
        && (wait.event_key.is_none() || wait.event_key == signal.key)
}

fn resolve(draft: &mut Draft, wait_id: &WaitId, signal: &Signal) {
    let wait = draft.state.waits.get(wait_id);
    let at = wait.and_then(|wait| wait.step_id.as_deref()).and_then(|id| draft.position(id));
    let Some(at) = at else { return };
    let by = draft.ctx.actor.unwrap_or("signal").to_owned();
    draft.close_wait(at, WaitState::Resolved, Some((signal.payload.clone(), by)));
    draft.resolved.push(wait_id.clone());
    let data = json!({ "waitId": wait_id, "answer": signal.payload });
    draft.event("wait.resolved", Some(at), None, data);
    let result = StepResult { json: Some(signal.payload.clone()), ..StepResult::default() };
    succeed(draft, at, result);
}

/// Waits for an event.
pub(super) fn await_event(draft: &mut Draft, at: usize, wanted: &WaitForEvent) {
    let (name, key) = match names(draft, at, wanted) {
        Ok(names) => names,
        Err(error) => return fail_by_eval(draft, at, &error),
    };
    let name = check_text("the name of the event", &name);
    let key = key.map(|key| check_text("the key of the event", &key)).transpose();
    let (name, key) = match (name, key) {
        (Ok(name), Ok(key)) => (name, key),
        (Err(why), _) | (_, Err(why)) => {
            return fail_step(draft, at, StepError::new("event", why.message));
        }
    };
    let due = wanted.timeout_ms.map(|ms| draft.now() + i64::try_from(ms).unwrap_or(i64::MAX / 2));
    let mut wait = new_wait(draft, at, WaitKind::Event, due);
    wait.target = Some(name);
    wait.event_key = key;
    wait.on_timeout = due.map(|_| wanted.on_timeout.into());
    let wait_id = wait.wait_id.clone();
    open_wait(draft, at, wait);
    draft.effect(Effect::Awaits(wait_id));
}

fn names(
    draft: &Draft,
    at: usize,
    wanted: &WaitForEvent,
) -> Result<(String, Option<String>), EvalError> {
    let scope = draft.scope_of(at, 1);
    let name = wanted.event.render(&scope)?;
    Ok((name, wanted.key.as_ref().map(|key| key.render(&scope)).transpose()?))
}
