//! What happens to the row of a task that the engine runs, whoever drives its flow.

use super::{
    DeliveryStatus, Exit, Runtime, ScopeKind, Task, TaskCommand, TaskMove, TaskStatus,
    TerminalOutcome, Usage, next_status,
};
use crate::Millis;
use crate::acp::{AcpRequest, End, OnStop};
use crate::budget::Budget;
use crate::drive::{Ctx, Report};
use crate::error::{Code, Refusal};
use crate::flow::NotifyPolicy;
use crate::limits::{JSON_BYTES_MAX, SUMMARY_CHARS_MAX, cut};
use crate::subagent;

/// Refuses what no process can be started with, and an agent that is asked nothing.
pub(crate) fn check_command(command: &TaskCommand) -> Result<(), Refusal> {
    let blank = |acp: &AcpRequest| acp.prompt.trim().is_empty();
    if command.acp.as_deref().is_some_and(blank) {
        return Err(Refusal::new(Code::Invalid, "the prompt is blank"));
    }
    check_start(command)
}

/// Refuses what no process can be started with. What a sub-agent is asked is not in its command.
pub(crate) fn check_start(command: &TaskCommand) -> Result<(), Refusal> {
    let invalid = |message: &str| Err(Refusal::new(Code::Invalid, message));
    if let Some(acp) = &command.acp {
        check_agent(acp, &command.argv)?;
    } else if command.argv.first().is_none_or(String::is_empty) {
        return invalid("the command is empty");
    }
    if command.argv.iter().any(|arg| arg.contains('\0')) {
        return invalid("the command contains a NUL character");
    }
    if command.cwd.contains('\0') {
        return invalid("the directory contains a NUL character");
    }
    let odd = |name: &String| name.is_empty() || name.contains(['=', '\0']);
    if command.env.iter().any(|(name, value)| odd(name) || value.contains('\0')) {
        return invalid("a variable of the environment has a name or value that cannot be");
    }
    Ok(())
}

/// A new task that is a sub-agent: with a session and a run of its own, in the line of sub-agents.
pub(crate) fn as_subagent(task: Task, agent: &str) -> Task {
    let id = task.task_id.clone();
    Task {
        runtime: Runtime::Subagent,
        agent_id: Some(agent.to_owned()),
        run_id: Some(subagent::run_id(&id)),
        child_session_key: Some(subagent::session_key(agent, &id)),
        queue: Some(subagent::QUEUE.to_owned()),
        ..task
    }
}

/// The command, stopped at the latest when the time of its budget is over.
pub(crate) fn within(command: TaskCommand, budget: Option<&Budget>) -> TaskCommand {
    let wall = budget.and_then(|budget| budget.wall_ms);
    let timeout_ms = command.timeout_ms.into_iter().chain(wall).min();
    TaskCommand { timeout_ms, ..command }
}

/// Refuses what no agent can be asked.
fn check_agent(acp: &AcpRequest, argv: &[String]) -> Result<(), Refusal> {
    let invalid = |message: &str| Err(Refusal::new(Code::Invalid, message));
    if acp.agent.trim().is_empty() {
        return invalid("the agent has no name");
    }
    if !argv.is_empty() {
        return invalid("a task has an agent or a command, not both");
    }
    if acp.prompt.len() > JSON_BYTES_MAX {
        return invalid("the prompt is too large");
    }
    Ok(())
}

/// A queued task that is given its slot: from the commit on it counts as running.
pub(crate) fn claimed(was: &Task, ctx: &Ctx) -> Result<Task, Refusal> {
    let mut task = was.clone();
    task.status = next_status(task.status, TaskMove::Claim)?;
    task.fence += 1;
    task.executor = Some(ctx.executor.clone());
    task.started_at = Some(ctx.now);
    task.last_event_at = ctx.now;
    Ok(task)
}

/// The running task, if `fence` is still its own.
pub(crate) fn fenced(was: &Task, fence: u64) -> Result<Task, Refusal> {
    if was.fence != fence {
        return Err(Refusal::state("report on", "of another fence"));
    }
    if was.status != TaskStatus::Running {
        return Err(Refusal::state("report on", was.status.as_str()));
    }
    Ok(was.clone())
}

/// The task, once its process is known.
pub(crate) fn placed(mut task: Task, pid: u32, start_time: u64, now: Millis) -> Task {
    if let Some(executor) = &mut task.executor {
        executor.pid = Some(pid);
        executor.start_time = Some(start_time);
    }
    task.last_event_at = now;
    task
}

/// The task with a new line of progress.
pub(crate) fn lively(mut task: Task, line: &str, now: Millis) -> Task {
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    task.progress_summary = (!line.is_empty()).then(|| cut(&line, SUMMARY_CHARS_MAX));
    task.last_event_at = now;
    task
}

/// What its shim's report says, in the row of a task that ends.
pub(crate) fn settle(row: &mut Task, report: &Report, error: Option<&str>) {
    if let Some(ended_at) = report.ended_at {
        row.ended_at = Some(ended_at.max(row.created_at));
    }
    row.exit.clone_from(&report.exit);
    row.error = error.map(|error| cut(error, SUMMARY_CHARS_MAX));
    row.terminal_summary.clone_from(&row.error);
    // What one that failed has printed is no answer; its log has it.
    if row.runtime == Runtime::Subagent && row.status == TaskStatus::Succeeded {
        let (said, cut_off) = match &report.agent {
            Some(agent) => (agent.text.as_deref(), agent.truncated),
            None => (report.stdout.as_deref(), report.truncated),
        };
        let answer = subagent::answer(said.unwrap_or_default(), cut_off);
        let first = answer.lines().next().filter(|line| !line.is_empty());
        row.terminal_summary = first.map(|line| cut(line, SUMMARY_CHARS_MAX));
        row.answer = Some(answer);
    }
    let Some(agent) = &report.agent else { return };
    if let Some(reason) = agent.notes["stopReason"].as_str() {
        row.exit = Some(Exit::StopReason(reason.to_owned()));
    }
    row.usage = Usage::newest(row.usage.take(), agent.usage.clone());
    if matches!(agent.end, End::Short(_)) && agent.on_stop == OnStop::Block {
        row.terminal_outcome = Some(TerminalOutcome::Blocked);
    }
    // The answer of a step is the step's, that of a sub-agent was taken above.
    if row.step_id.is_none() && row.runtime != Runtime::Subagent {
        row.answer.clone_from(&agent.text);
    }
}

/// An open task of which the owner is told this from now on.
pub(crate) fn notified(was: &Task, policy: NotifyPolicy) -> Task {
    let owes = policy != NotifyPolicy::Silent && was.scope_kind == ScopeKind::Session;
    Task {
        notify_policy: policy,
        delivery_status: match owes {
            true => DeliveryStatus::Pending,
            false => DeliveryStatus::NotApplicable,
        },
        ..was.clone()
    }
}
