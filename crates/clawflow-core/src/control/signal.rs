//! A signal for a flow that waits for it.

use super::draft::{Answered, Draft};
use super::state::{ControlDecision, ControlState};
use super::wake::resolve;
use crate::drive::Ctx;
use crate::error::Refusal;
use crate::flow::check_json;
use crate::signal::Signal;
use crate::wait::{Wait, WaitKind, WaitState};
use std::sync::Arc;

/// Gives the signal to the flow's waits that match; they are [`ControlDecision::waits`]. Which
/// flows are asked, and whether the signal is kept if none takes it, is decided with the store.
/// That the signal is the owner's is the caller's to see.
///
/// # Errors
/// `not_managed`, `engine_owned`, `terminal`; `invalid` for a payload that is too large;
/// `invalid_state` if the flow does not wait for it.
pub fn signal(
    state: &ControlState,
    ctx: &mut Ctx,
    signal: &Signal,
) -> Result<ControlDecision, Refusal> {
    let mut draft = Draft::open(state, ctx, None)?;
    check_json("the payload", &signal.payload)?;
    let by = draft.ctx.actor.map(str::to_owned);
    let answer = Answered { value: signal.payload.clone(), by };
    let matching: Vec<Arc<Wait>> =
        state.waits.values().filter(|wait| is_for(wait, signal)).cloned().collect();
    for wait in &matching {
        if draft.state.waits.contains_key(&wait.wait_id) {
            resolve(&mut draft, wait, WaitState::Resolved, Some(&answer))?;
        }
    }
    if draft.waits.is_empty() {
        return Err(Refusal::state("signal", "not waiting for that"));
    }
    Ok(draft.finish())
}

/// Whether the wait is for this signal.
fn is_for(wait: &Wait, signal: &Signal) -> bool {
    wait.kind == WaitKind::Event
        && wait.step_id.is_none()
        && wait.target.as_deref() == Some(signal.name.as_str())
        && (wait.event_key.is_none() || wait.event_key == signal.key)
}
