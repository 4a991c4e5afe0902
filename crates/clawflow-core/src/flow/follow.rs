//! The row of a flow that mirrors its one task: what the task says, in the words of a flow.

use super::{Flow, FlowStatus, SyncMode, blank};
use crate::ids::{FlowId, IdSource};
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use crate::task::{Task, TaskStatus, TerminalOutcome};

/// The goal of a flow whose task says nothing of what it is for.
const GOAL: &str = "Background task";
/// Why it is blocked, where the task does not say.
const BLOCKED: &str = "the task met an obstacle";

/// A new flow that mirrors this task.
pub(crate) fn mirror_of(task: &Task, ids: &mut dyn IdSource) -> Flow {
    let owner = task.owner_key.clone();
    let flow = Flow {
        sync_mode: SyncMode::TaskMirrored,
        controller_id: None,
        requester_origin: task.requester_origin.clone(),
        ..blank(FlowId::new(ids), owner, String::new(), task.created_at)
    };
    follow(&flow, task)
}

/// The row of a mirroring flow as its task has it now. Nothing else moves such a flow.
pub(crate) fn follow(flow: &Flow, task: &Task) -> Flow {
    let blocked = task.status == TaskStatus::Succeeded
        && task.terminal_outcome == Some(TerminalOutcome::Blocked);
    let status = match task.status {
        TaskStatus::Queued => FlowStatus::Queued,
        TaskStatus::Running => FlowStatus::Running,
        TaskStatus::Succeeded if blocked => FlowStatus::Blocked,
        TaskStatus::Succeeded => FlowStatus::Succeeded,
        TaskStatus::Failed | TaskStatus::TimedOut => FlowStatus::Failed,
        TaskStatus::Cancelled => FlowStatus::Cancelled,
        TaskStatus::Lost => FlowStatus::Lost,
    };
    let goal = task.label.as_ref().unwrap_or(&task.task).trim();
    let goal = if goal.is_empty() { GOAL } else { goal };
    let summary = task.terminal_summary.as_ref().or(task.progress_summary.as_ref());
    let summary = || summary.cloned().unwrap_or_else(|| BLOCKED.to_owned());
    Flow {
        status,
        goal: cut(goal, SUMMARY_CHARS_MAX),
        notify_policy: task.notify_policy,
        blocked_task_id: blocked.then(|| task.task_id.clone()),
        blocked_summary: blocked.then(summary),
        cancel_requested_at: flow.cancel_requested_at.or(task.cancel_requested_at),
        error: task.error.clone().filter(|_| task.status.is_terminal() && !blocked),
        ended_at: task.ended_at.map(|at| at.max(flow.created_at)),
        ..flow.clone()
    }
}
