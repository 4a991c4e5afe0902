//! The time that a flow has as a whole: `timeout` of its file.

use super::Draft;
use super::cancel::stop_step;
use crate::definition::Phase;
use crate::effect::Effect;
use crate::ids::WaitId;
use crate::wait::{Wait, WaitKind, WaitState};
use serde_json::json;

/// What the wait is called: a timer of the flow, of no step.
const TARGET: &str = "timeout";

/// Sets the alarms of a new flow.
pub(super) fn open(draft: &mut Draft) {
    super::budget::open(draft);
    let Some(ms) = draft.state.definition.timeout_ms else { return };
    let (wait_id, now) = (WaitId::new(draft.ctx.ids), draft.now());
    let flow_id = draft.state.flow.flow_id.clone();
    let wait = Wait {
        target: Some(TARGET.to_owned()),
        due_at: Some(now.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX))),
        ..Wait::fresh(wait_id, flow_id, WaitKind::Timer, now)
    };
    draft.effect(Effect::Timer);
    draft.put_wait(wait);
}

/// Takes the alarm back, or notes that it went off.
pub(super) fn close(draft: &mut Draft, to: WaitState) {
    let is_alarm = |wait: &&std::sync::Arc<Wait>| {
        wait.step_id.is_none() && wait.target.as_deref() == Some(TARGET)
    };
    let Some(wait) = draft.state.waits.values().find(is_alarm) else { return };
    let mut wait = Wait::clone(wait);
    wait.state = to;
    wait.closed_at = Some(draft.now());
    draft.put_wait(wait);
}

/// The time is over: what is forward is stopped, and the flow fails once it is unwound. It does not
/// cut the unwinding short, which is bounded by itself, and changes nothing after a cancel.
pub(super) fn passed(draft: &mut Draft) {
    close(draft, WaitState::Expired);
    let over = draft.phase(Phase::Forward).all(|at| draft.step(at).status.is_terminal());
    if draft.cancelling() || over {
        return;
    }
    let ms = draft.state.definition.timeout_ms.unwrap_or_default();
    let error = format!("timed out after {}", crate::duration::format_ms(ms));
    draft.flow_event("flow.timed_out", json!({ "error": error }));
    draft.state.flow.error = Some(error);
    draft.stopping = true;
    for at in draft.phase(Phase::Forward) {
        stop_step(draft, at);
    }
}
