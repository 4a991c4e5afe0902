//! Changes what the owner is told of a child.

use super::draft::Draft;
use super::state::{ControlDecision, ControlState};
use crate::drive::Ctx;
use crate::error::Refusal;
use crate::flow::{NotifyPolicy, check_tasks};
use crate::ids::TaskId;
use crate::task::notified;
use serde_json::json;

/// Sets the notify policy of an open child, its flow open or not.
///
/// # Errors
/// `not_managed`, `engine_owned`; `invalid_state` for a child that is not open.
pub fn notify_task(
    state: &ControlState,
    ctx: &mut Ctx,
    task_id: &TaskId,
    policy: NotifyPolicy,
) -> Result<ControlDecision, Refusal> {
    check_tasks(&state.flow)?;
    let Some(was) = state.tasks.get(task_id) else {
        return Err(Refusal::state("change what is told of", "no open task"));
    };
    let mut draft = Draft::new(state, ctx);
    if was.notify_policy != policy {
        let data = json!({ "was": was.notify_policy, "notifyPolicy": policy });
        draft.put_task(notified(was, policy));
        draft.event("task.notify_changed", Some(task_id), data);
    }
    draft.about(task_id);
    Ok(draft.finish())
}
