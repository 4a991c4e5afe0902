//! What a wait's end does to its flow.

use super::draft::{Answered, Draft};
use crate::error::Refusal;
use crate::flow;
use crate::wait::{OnResolved, Wait, WaitState};
use serde_json::{Value, json};

/// Closes a wait of the flow as a whole and, unless its controller only wants to be told, goes on
/// with the flow: one unit, one revision, one event.
pub(super) fn resolve(
    draft: &mut Draft,
    wait: &Wait,
    to: WaitState,
    answer: Option<&Answered>,
) -> Result<(), Refusal> {
    draft.close_wait(wait, to, answer);
    if !draft.waits.contains(&wait.wait_id) {
        draft.waits.push(wait.wait_id.clone());
    }
    let mut data = json!({ "waitId": wait.wait_id, "kind": wait.kind, "outcome": to });
    if let Some(Answered { value, by }) = answer {
        data["answer"] = value.clone();
        if let Some(by) = by {
            data["by"] = json!(by);
        }
    }
    if wait.on_resolved == Some(OnResolved::Tell) {
        let kind = match to {
            WaitState::Expired => "wait.expired",
            _ => "wait.resolved",
        };
        draft.event(kind, None, data);
        return Ok(());
    }
    wake(draft, data)
}

/// Goes on with the flow; whatever else it waited for is given up.
pub(super) fn wake(draft: &mut Draft, data: Value) -> Result<(), Refusal> {
    let moved = flow::wake(&draft.state.flow, data, draft.now())?;
    draft.close_waits();
    draft.apply(moved);
    Ok(())
}
