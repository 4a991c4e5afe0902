//! A controller parks its flow.

use super::guard::{Moved, check, moved};
use super::state::FlowMove;
use super::valid;
use super::{Flow, Patch};
use crate::Millis;
use crate::error::Refusal;
use crate::ids::TaskId;
use serde_json::json;

/// What keeps a flow from going on until somebody helps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocker {
    /// The task that blocks it.
    pub task_id: Option<TaskId>,
    /// Why, for people.
    pub summary: Option<String>,
}

/// Parks the flow: blocked if there is a blocker, else waiting. The blocker is part of the status:
/// one of an earlier call is not kept.
///
/// # Errors
/// As every command of a controller; `invalid` for a patch or summary that cannot be stored.
pub fn set_waiting(
    flow: &Flow,
    expected_revision: Option<u64>,
    patch: Patch,
    blocker: Blocker,
    now: Millis,
) -> Result<Moved, Refusal> {
    let is_blank = |text: &String| text.trim().is_empty();
    let task_id = blocker.task_id.filter(|id| !is_blank(&id.0));
    let summary = blocker.summary.filter(|text| !is_blank(text));
    let blocks = task_id.is_some() || summary.is_some();
    let flow_move = if blocks { FlowMove::Block } else { FlowMove::SetWaiting };
    let status = check(flow, expected_revision, flow_move)?;
    let summary = summary.map(|text| valid::text("the summary", &text)).transpose()?;
    let mut next = flow.clone();
    patch.write(&mut next)?;
    next.status = status;
    next.blocked_task_id = task_id;
    next.blocked_summary = summary;
    let kind = if blocks { "flow.blocked" } else { "flow.waiting" };
    let data = json!({
        "step": next.current_step, "taskId": next.blocked_task_id,
        "summary": next.blocked_summary,
    });
    Ok(moved(flow, next, now, (kind, data)))
}
