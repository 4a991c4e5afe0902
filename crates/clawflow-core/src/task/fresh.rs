//! A new task that runs a process.

use super::{DeliveryStatus, Runtime, ScopeKind, Task, TaskStatus};
use crate::Millis;
use crate::drive::Ctx;
use crate::flow::NotifyPolicy;
use crate::ids::TaskId;
use crate::limits::{SUMMARY_CHARS_MAX, cut};

/// A first attempt of nobody's flow: running from now on if it `starts`, else queued. It owes no
/// message by itself. `shown` is what people see of its command, cut.
pub(crate) fn fresh(ctx: &mut Ctx, owner_key: String, shown: &str, starts: bool) -> Task {
    Task {
        fence: u64::from(starts),
        status: if starts { TaskStatus::Running } else { TaskStatus::Queued },
        executor: starts.then(|| ctx.executor.clone()),
        started_at: starts.then_some(ctx.now),
        ..bare(TaskId::new(ctx.ids), owner_key, shown, ctx.now)
    }
}

/// A queued task of which nothing else is known yet.
pub(crate) fn bare(task_id: TaskId, owner_key: String, shown: &str, now: Millis) -> Task {
    Task {
        task_id,
        version: 0,
        runtime: Runtime::Cli,
        kind: None,
        source_id: None,
        owner_key,
        scope_kind: ScopeKind::Session,
        requester_origin: None,
        child_session_key: None,
        parent_flow_id: None,
        step_id: None,
        attempt: 1,
        fence: 0,
        parent_task_id: None,
        agent_id: None,
        run_id: None,
        label: None,
        task: cut(shown, SUMMARY_CHARS_MAX),
        command: None,
        status: TaskStatus::Queued,
        terminal_outcome: None,
        delivery_status: DeliveryStatus::NotApplicable,
        notify_policy: NotifyPolicy::Silent,
        executor: None,
        cancel_requested_at: None,
        created_at: now,
        started_at: None,
        last_event_at: now,
        ended_at: None,
        exit: None,
        progress_summary: None,
        terminal_summary: None,
        answer: None,
        error: None,
        usage: None,
        budget: None,
        queue: None,
        priority: None,
        reported: false,
        imported: None,
    }
}
