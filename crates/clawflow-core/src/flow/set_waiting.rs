//! A controller parks its flow.

use super::guard::{Moved, check, moved};
use super::state::{FlowMove, FlowStatus};
use super::valid;
use super::{Flow, Patch};
use crate::Millis;
use crate::error::Refusal;
use crate::ids::TaskId;
use serde_json::{Value, json};

/// What keeps a flow from going on until somebody helps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocker {
    /// The task that blocks it.
    pub task_id: Option<TaskId>,
    /// Why, for people.
    pub summary: Option<String>,
}

impl Blocker {
    /// Without what is blank.
    fn named(self) -> Self {
        let is_blank = |text: &str| text.trim().is_empty();
        Self {
            task_id: self.task_id.filter(|id| !is_blank(&id.0)),
            summary: self.summary.filter(|text| !is_blank(text)),
        }
    }

    fn flow_move(&self) -> FlowMove {
        match self.task_id.is_some() || self.summary.is_some() {
            true => FlowMove::Block,
            false => FlowMove::SetWaiting,
        }
    }
}

/// Whether [`set_waiting`] is for this flow at all, whatever it is to wait for.
///
/// # Errors
/// As every command of a controller.
pub fn may_set_waiting(
    flow: &Flow,
    expected_revision: Option<u64>,
    blocker: Blocker,
) -> Result<(), Refusal> {
    check(flow, expected_revision, blocker.named().flow_move()).map(|_| ())
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
    let blocker = blocker.named();
    let status = check(flow, expected_revision, blocker.flow_move())?;
    let Blocker { task_id, summary } = blocker;
    let summary = summary.map(|text| valid::text("the summary", &text)).transpose()?;
    let mut next = flow.clone();
    patch.write(&mut next)?;
    next.status = status;
    next.blocked_task_id = task_id;
    next.blocked_summary = summary;
    let event = parked(&next);
    Ok(moved(flow, next, now, event))
}

/// The event that tells of a flow that was parked.
pub(crate) fn parked(flow: &Flow) -> (&'static str, Value) {
    let kind = if flow.status == FlowStatus::Blocked { "flow.blocked" } else { "flow.waiting" };
    let data = json!({
        "step": flow.current_step, "taskId": flow.blocked_task_id,
        "summary": flow.blocked_summary,
    });
    (kind, data)
}
