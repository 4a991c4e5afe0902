//! A new task that runs a process.

use super::{DeliveryStatus, Runtime, ScopeKind, Task, TaskStatus};
use crate::drive::Ctx;
use crate::flow::NotifyPolicy;
use crate::ids::TaskId;
use crate::limits::{SUMMARY_CHARS_MAX, cut};

/// A first attempt of nobody's flow: running from now on if it `starts`, else queued. It owes no
/// message by itself. `shown` is what people see of its command, cut.
pub(crate) fn fresh(ctx: &mut Ctx, owner_key: String, shown: &str, starts: bool) -> Task {
    Task {
        task_id: TaskId::new(ctx.ids),
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
        fence: u64::from(starts),
        parent_task_id: None,
        agent_id: None,
        run_id: None,
        label: None,
        task: cut(shown, SUMMARY_CHARS_MAX),
        command: None,
        status: if starts { TaskStatus::Running } else { TaskStatus::Queued },
        terminal_outcome: None,
        delivery_status: DeliveryStatus::NotApplicable,
        notify_policy: NotifyPolicy::Silent,
        executor: starts.then(|| ctx.executor.clone()),
        cancel_requested_at: None,
        created_at: ctx.now,
        started_at: starts.then_some(ctx.now),
        last_event_at: ctx.now,
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
    }
}
