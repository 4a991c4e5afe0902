"""Tasks: looking at them, stopping them, and reporting about those that the caller runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import limits
from ..answers import Logs, PurgedTasks, Spawned, TaskList, TaskWhy
from ..binding import Binding
from ..codec import given
from ..errors import ClawflowError
from ..exchange import Steps, call
from ..outcome import REFUSALS, Refused, TaskUpdate, TaskUpdated
from ..records import Budget, Task, Usage
from ..words import NotifyPolicy, Runtime, TaskStatus, TerminalOutcome
from .operation import operation


@operation("task.list", flow_id="flow", without=("owner", "limit", "after"))
def tasks(
    binding: Binding,
    flow_id: str | None = None,
    *,
    status: Sequence[TaskStatus] = (),
    runtime: Sequence[Runtime] = (),
    label: str | None = None,
    since: int | None = None,
) -> Steps[list[Task]]:
    """The session's tasks, or a flow's, newest first."""
    fields = {"status": status, "runtime": runtime, "label": label, "since": since}
    return (yield from _every_task(binding, flow=flow_id, **fields))


@operation("task.list", flow_id="flow", without=("limit", "after"))
def list_tasks(
    binding: Binding,
    flow_id: str | None = None,
    *,
    status: Sequence[TaskStatus] = (),
    runtime: Sequence[Runtime] = (),
    label: str | None = None,
    owner: str | None = None,
    since: int | None = None,
) -> Steps[list[Task]]:
    """Tasks of all owners, newest first."""
    fields = {"status": status, "runtime": runtime, "label": label, "since": since}
    return (yield from _every_task(binding, flow=flow_id, owner=owner, **fields))


def _every_task(binding: Binding, **fields: Any) -> Steps[list[Task]]:
    found: list[Task] = []
    after = None
    for words in ("status", "runtime"):
        fields[words] = [*fields[words]] or None
    while True:
        answer = yield from call(binding, "task.list", limit=limits.PAGE, after=after, **fields)
        page = TaskList.of(answer)
        found += page.tasks
        after = page.next
        if after is None:
            return found


@operation("task.show", task_id="task")
def get_task(binding: Binding, task_id: str) -> Steps[Task]:
    """The task with this id, run id or session key."""
    return Task.of((yield from call(binding, "task.show", task=task_id)))


@operation("task.why", task_id="task")
def why_task(binding: Binding, task_id: str) -> Steps[TaskWhy]:
    """Why the task stands where it stands."""
    return TaskWhy.of((yield from call(binding, "task.why", task=task_id)))


@operation("task.logs", task_id="task")
def logs(
    binding: Binding,
    task_id: str,
    *,
    stderr: bool = False,
    offset: int = 0,
    max: int | None = None,
    timeout_ms: int = 0,
) -> Steps[Logs]:
    """A part of the output of a task; waits up to `timeout_ms` for more if there is none."""
    answer = yield from call(
        binding,
        "task.logs",
        task=task_id,
        stderr=stderr,
        offset=offset,
        max=max,
        timeout_ms=timeout_ms,
    )
    return Logs.of(answer)


@operation("task.cancel", task_id="task")
def cancel_task(
    binding: Binding, task_id: str, *, reason: str | None = None, wait_ms: int = 0
) -> Steps[Task]:
    """Stops a task; with `wait_ms` (at most 60,000) answers once it has ended."""
    answer = yield from call(binding, "task.cancel", task=task_id, reason=reason, wait_ms=wait_ms)
    return Task.of(answer)


@operation("task.wait", task_id="task")
def wait_for_task(binding: Binding, task_id: str, *, timeout_ms: int = 60_000) -> Steps[Task]:
    """The task once it has ended, or as it is after `timeout_ms` (at most 60,000)."""
    return Task.of((yield from call(binding, "task.wait", task=task_id, timeout_ms=timeout_ms)))


@operation("task.record", text="task", without=("process", "exit", "usage", "owner"))
def record_task(
    binding: Binding,
    text: str,
    *,
    task_id: str | None = None,
    label: str | None = None,
    runtime: Runtime = "external",
    kind: str | None = None,
    source_id: str | None = None,
    run_id: str | None = None,
    flow: str | None = None,
    or_alone: bool = False,
    notify_policy: NotifyPolicy | None = None,
    status: TaskStatus | None = None,
    progress_summary: str | None = None,
    terminal_summary: str | None = None,
    terminal_outcome: TerminalOutcome | None = None,
    error: str | None = None,
    started_at: int | None = None,
    last_event_at: int | None = None,
    ended_at: int | None = None,
) -> Steps[Task]:
    """Records a task that the caller runs, and what is known of it; running, if nothing is said.

    With a `task_id` of the caller's own it may be said again: it is the same task.
    """
    answer = yield from call(
        binding,
        "task.record",
        task=text,
        task_id=task_id,
        label=label,
        runtime=runtime,
        kind=kind,
        source_id=source_id,
        run_id=run_id,
        flow=flow,
        or_alone=or_alone,
        notify_policy=notify_policy,
        status=status,
        progress_summary=progress_summary,
        terminal_summary=terminal_summary,
        terminal_outcome=terminal_outcome,
        error=error,
        started_at=started_at,
        last_event_at=last_event_at,
        ended_at=ended_at,
    )
    return Task.of(answer)


@operation("task.report", task_id="task", without=("exit",))
def update_task(
    binding: Binding,
    task_id: str,
    *,
    status: TaskStatus | None = None,
    progress_summary: str | None = None,
    terminal_summary: str | None = None,
    terminal_outcome: TerminalOutcome | None = None,
    error: str | None = None,
    started_at: int | None = None,
    last_event_at: int | None = None,
    ended_at: int | None = None,
    usage: Usage | Mapping[str, Any] | None = None,
) -> Steps[TaskUpdate]:
    """Reports progress or the end of a task that the caller runs."""
    try:
        answer = yield from call(
            binding,
            "task.report",
            task=task_id,
            status=status,
            progress_summary=progress_summary,
            terminal_summary=terminal_summary,
            terminal_outcome=terminal_outcome,
            error=error,
            started_at=started_at,
            last_event_at=last_event_at,
            ended_at=ended_at,
            usage=given(usage),
        )
    except ClawflowError as refusal:
        if refusal.code not in REFUSALS:
            raise
        return Refused(refusal.code, refusal.current, refusal.message, error=refusal)
    return TaskUpdated(Task.of(answer))


@operation("task.rerun", task_id="task")
def rerun_task(
    binding: Binding, task_id: str, *, idempotency_key: str | None = None
) -> Steps[Task]:
    """Runs the command of an ended task again, as a new task."""
    answer = yield from call(binding, "task.rerun", task=task_id, idempotency_key=idempotency_key)
    return Task.of(answer)


@operation("task.purge", task_id="task")
def purge_tasks(
    binding: Binding,
    task_id: str | None = None,
    *,
    ended_before: int | None = None,
    status: Sequence[TaskStatus] = (),
    runtime: Sequence[Runtime] = (),
    label: str | None = None,
    owner: str | None = None,
    dry_run: bool = False,
) -> Steps[list[str]]:
    """Deletes ended tasks that belong to no flow: the one named, or all that match. Answers their
    ids."""
    answer = yield from call(
        binding,
        "task.purge",
        task=task_id,
        ended_before=ended_before,
        status=[*status],
        runtime=[*runtime],
        label=label,
        owner=owner,
        dry_run=dry_run,
    )
    return PurgedTasks.of(answer).tasks


@operation("task.notify", task_id="task")
def notify_task(binding: Binding, task_id: str, notify_policy: NotifyPolicy) -> Steps[Task]:
    """Changes what the owner is told about a task."""
    answer = yield from call(binding, "task.notify", task=task_id, notify_policy=notify_policy)
    return Task.of(answer)


@operation("task.run")
def run_command(
    binding: Binding,
    argv: Sequence[str] = (),
    *,
    cwd: str,
    acp: Mapping[str, Any] | None = None,
    owner: str | None = None,
    env: Mapping[str, str] | None = None,
    label: str | None = None,
    timeout_ms: int | None = None,
    budget: Budget | Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> Steps[Task]:
    """Runs a command as a task of its own, without a flow; or, with `acp`, a turn of an agent.

    `acp` has the names of the HTTP interface, such as `agent` and `prompt`.
    """
    answer = yield from call(
        binding,
        "task.run",
        argv=[*argv],
        acp=None if acp is None else dict(acp),
        cwd=cwd,
        owner=owner,
        env=None if env is None else dict(env),
        label=label,
        timeout_ms=timeout_ms,
        budget=given(budget),
        idempotency_key=idempotency_key,
    )
    return Task.of(answer)


@operation("agent.spawn", without=("owner",))
def spawn_agent(
    binding: Binding,
    agent: str,
    prompt: str,
    *,
    label: str | None = None,
    flow: str | None = None,
    cwd: str | None = None,
    model: str | None = None,
    mode: str | None = None,
    timeout_ms: int | None = None,
    budget: Budget | Mapping[str, Any] | None = None,
    notify_policy: NotifyPolicy | None = None,
    idempotency_key: str | None = None,
) -> Steps[Spawned]:
    """Asks an agent for something, as a sub-agent of the session; its answer comes to the inbox."""
    answer = yield from call(
        binding,
        "agent.spawn",
        agent=agent,
        prompt=prompt,
        label=label,
        flow=flow,
        cwd=cwd,
        model=model,
        mode=mode,
        timeout_ms=timeout_ms,
        budget=given(budget),
        notify_policy=notify_policy,
        idempotency_key=idempotency_key,
    )
    return Spawned.of(answer)
