//! Turns of agents that are no steps, broken off: whether their task goes on, and with what.

use super::{Task, TaskMove, Usage, next_status};
use crate::Millis;
use crate::acp::{EarlierTurn, End};
use crate::drive::Report;
use crate::error::Refusal;
use crate::limits::RESUMES_MAX;

/// Puts the session of its agent on record; `false` if it is there already. Only a session that can
/// be gone on with is to be put here.
pub(crate) fn opened(task: &mut Task, session: &str) -> bool {
    let Some(command) = &mut task.command else { return false };
    if command.earlier.as_ref().is_some_and(|earlier| earlier.session == session) {
        return false;
    }
    let earlier = EarlierTurn { session: session.to_owned(), ..EarlierTurn::default() };
    command.earlier = Some(Box::new(earlier));
    true
}

/// Whether a task whose agent is gone without a word goes on in the session: to tell the agent to
/// finish is no second run of what it did. Not one that somebody wants stopped, that has nothing
/// left to use, or whose agents died too often.
pub(crate) fn may_go_on(was: &Task, report: Option<&Report>) -> bool {
    let task = Task { usage: used(was, report), ..was.clone() };
    let command = task.command.as_ref();
    command.is_some_and(|command| command.acp.is_some() && command.earlier.is_some())
        && task.cancel_requested_at.is_none()
        && task.attempt <= RESUMES_MAX
        && task.used_up().is_none()
}

/// What the task has used, by its row and the report.
fn used(task: &Task, report: Option<&Report>) -> Option<Usage> {
    let agent = report.and_then(|report| report.agent.as_ref());
    Usage::newest(task.usage.clone(), agent.and_then(|agent| agent.usage.clone()))
}

/// Whether this is the end of an agent that died in its turn.
pub(crate) fn is_broken_off(report: &Report) -> bool {
    report.agent.as_ref().is_some_and(|agent| matches!(agent.end, End::Lost(_)))
}

/// The task, queued for its next attempt; with what the last one used, as far as that is known: by
/// its report, else by what was recorded meanwhile.
pub(crate) fn requeued(was: &Task, report: Option<&Report>, now: Millis) -> Result<Task, Refusal> {
    let mut task = was.clone();
    task.status = next_status(task.status, TaskMove::Requeue)?;
    let agent = report.and_then(|report| report.agent.as_ref());
    task.usage = used(was, report);
    let worked = report.and_then(|report| report.worked_ms).unwrap_or_else(|| {
        let since = was.started_at.unwrap_or(was.created_at);
        u64::try_from(was.last_event_at - since).unwrap_or(0)
    });
    let cost = |usage: &Option<Usage>| usage.as_ref().and_then(|usage| usage.cost_usd);
    if let Some(command) = &mut task.command
        && let Some(earlier) = &mut command.earlier
    {
        let before = command.acp.as_ref().and_then(|acp| acp.cost_before);
        let before = earlier.cost_usd.or(before);
        let more = cost(&task.usage).map(|all| all - cost(&earlier.usage).unwrap_or(0.0));
        let told = agent.and_then(|agent| agent.session_cost);
        // What an agent that was not heard to its end has cost its session is what it told so far.
        earlier.cost_usd = told.or_else(|| match (before, more) {
            (Some(before), Some(more)) => Some(before + more),
            (before, more) => before.or(more),
        });
        earlier.usage.clone_from(&task.usage);
        earlier.worked_ms = earlier.worked_ms.saturating_add(worked);
    }
    task.attempt += 1;
    task.executor = None;
    task.started_at = None;
    task.last_event_at = now;
    Ok(task)
}
