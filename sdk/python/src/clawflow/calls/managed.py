"""TaskFlow's names: flows that code drives. A refusal is an outcome, not an exception."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

from .. import limits
from ..answers import FlowList, FlowMaybe
from ..answers import RunTask as RunTaskAnswer
from ..binding import Binding
from ..codec import given
from ..errors import ClawflowError
from ..exchange import UNSET, Steps, Unset, call
from ..outcome import (
    REFUSALS,
    Applied,
    CancelOutcome,
    Outcome,
    Refused,
    TaskCreated,
    TaskOutcome,
    TaskRefused,
)
from ..records import Budget, Flow, FlowLine, FlowWaiting, TaskSummary
from ..waits import WaitFor
from ..words import (
    FlowStatus,
    NotifyPolicy,
    OnChildrenDone,
    OnResolved,
    OnTimeout,
    Runtime,
    TaskStatus,
)
from .operation import operation

CANCEL_WAIT_MS = 30_000
"""How long a cancel waits for the end."""


@operation("flow.create")
def create_managed(
    binding: Binding,
    *,
    controller_id: str,
    goal: str,
    key: str | None = None,
    join: bool = False,
    status: FlowStatus | None = None,
    notify_policy: NotifyPolicy | None = None,
    on_children_done: OnChildrenDone | None = None,
    current_step: str | None = None,
    state_json: Any = UNSET,
    wait_json: Any = UNSET,
    labels: Mapping[str, str] | None = None,
    budget: Budget | Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> Steps[Flow]:
    """Makes a flow that the caller drives, at revision 0.

    A live flow of the session with the same `key` is a `key_conflict`, or the answer with `join`.
    """
    if not controller_id.strip():
        raise ValueError("Managed flow controllerId is required.")
    if not goal.strip():
        raise ValueError("Managed flow goal is required.")
    try:
        answer = yield from call(
            binding,
            "flow.create",
            controller_id=controller_id,
            goal=goal,
            key=key,
            join=join or None,
            status=status,
            notify_policy=notify_policy,
            on_children_done=on_children_done,
            current_step=UNSET if current_step is None else current_step,
            state_json=state_json,
            wait_json=wait_json,
            labels=None if labels is None else dict(labels),
            budget=given(budget),
            idempotency_key=idempotency_key,
        )
    except ClawflowError as error:
        if error.code != "persist_failed":
            raise
        raise ClawflowError(
            error.code, error.status, "TaskFlow persistence failed.", error.message, raw=error.raw
        ) from error
    return Flow.of(answer)


@operation("flow.create")
def try_create_managed(
    binding: Binding,
    *,
    controller_id: str,
    goal: str,
    key: str | None = None,
    join: bool = False,
    status: FlowStatus | None = None,
    notify_policy: NotifyPolicy | None = None,
    on_children_done: OnChildrenDone | None = None,
    current_step: str | None = None,
    state_json: Any = UNSET,
    wait_json: Any = UNSET,
    labels: Mapping[str, str] | None = None,
    budget: Budget | Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> Steps[Flow | None]:
    """Like `create_managed`, but `None` where the gateway could not store the flow."""
    try:
        return (
            yield from create_managed(
                binding,
                controller_id=controller_id,
                goal=goal,
                key=key,
                join=join,
                status=status,
                notify_policy=notify_policy,
                on_children_done=on_children_done,
                current_step=current_step,
                state_json=state_json,
                wait_json=wait_json,
                labels=labels,
                budget=budget,
                idempotency_key=idempotency_key,
            )
        )
    except ClawflowError as error:
        if error.code != "persist_failed":
            raise
        return None


@operation("flow.get", flow_id="flow")
def get(binding: Binding, flow_id: str) -> Steps[Flow | None]:
    """The flow with this id or key, if the session has one."""
    answer = yield from _or_none(call(binding, "flow.get", flow=flow_id))
    return None if answer is None else Flow.of(answer)


@operation("flow.list", without=("owner", "limit", "after"))
def list_own(
    binding: Binding,
    *,
    status: Sequence[FlowStatus] = (),
    parent: str | None = None,
    since: int | None = None,
    name: str | None = None,
    label: Sequence[str] = (),
    retried: bool | None = None,
    all: bool = True,
) -> Steps[list[FlowLine]]:
    """The session's flows, newest first; without `all` none that ended over a day ago."""
    filters = {"since": since, "name": name, "label": [*label] or None, "retried": retried}
    return (yield from every_flow(binding, status=status, parent=parent, all=all, **filters))


def every_flow(binding: Binding, **fields: Any) -> Steps[list[FlowLine]]:
    """All pages of a list of flows."""
    flows: list[FlowLine] = []
    after = None
    while True:
        answer = yield from call(
            binding, "flow.list", limit=limits.PAGE, after=after, **_listed(fields)
        )
        page = FlowList.of(answer)
        flows += page.flows
        after = page.next
        if after is None:
            return flows


def _listed(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"status": [*fields["status"]] or None}


@operation("flow.findLatest")
def find_latest(binding: Binding) -> Steps[Flow | None]:
    """The session's newest flow, ended or not."""
    return FlowMaybe.of((yield from call(binding, "flow.findLatest"))).flow


@operation("flow.resolve")
def resolve(binding: Binding, token: str) -> Steps[Flow | None]:
    """The flow that a token means: an id or key, or the session's own key."""
    return FlowMaybe.of((yield from call(binding, "flow.resolve", token=token))).flow


@operation("flow.summary", flow_id="flow")
def get_task_summary(binding: Binding, flow_id: str) -> Steps[TaskSummary | None]:
    """The flow's tasks in numbers."""
    answer = yield from _or_none(call(binding, "flow.summary", flow=flow_id))
    return None if answer is None else TaskSummary.of(answer)


@operation("flow.runTask", flow_id="flow")
def run_task(
    binding: Binding,
    flow_id: str,
    *,
    runtime: Runtime,
    task: str,
    command: Sequence[str] = (),
    acp: Mapping[str, Any] | None = None,
    cwd: str | None = None,
    env: Mapping[str, str] | None = None,
    timeout_ms: int | None = None,
    budget: Budget | Mapping[str, Any] | None = None,
    status: TaskStatus | None = None,
    run_id: str | None = None,
    child_session_key: str | None = None,
    source_id: str | None = None,
    parent_task_id: str | None = None,
    agent_id: str | None = None,
    label: str | None = None,
    notify_policy: NotifyPolicy | None = None,
    started_at: int | None = None,
    last_event_at: int | None = None,
    progress_summary: str | None = None,
    await_: bool = False,
    current_step: str | None = None,
    idempotency_key: str | None = None,
) -> Steps[TaskOutcome]:
    """Adds a child: launches `command`, or records one that the caller runs.

    With `acp` and the runtime "acp" a coding agent is asked; it has the names of the HTTP
    interface, such as `agent`, and `task` is the prompt unless it has one of its own.
    The same `run_id` means the same child within session, flow and runtime. With `await_` the flow
    waits for it from now on.
    """
    try:
        answer = yield from call(
            binding,
            "flow.runTask",
            flow=flow_id,
            runtime=runtime,
            task=task,
            command=[*command] or None,
            acp=None if acp is None else dict(acp),
            cwd=cwd,
            env=None if env is None else dict(env),
            timeout_ms=timeout_ms,
            budget=given(budget),
            status=status,
            run_id=run_id,
            child_session_key=child_session_key,
            source_id=source_id,
            parent_task_id=parent_task_id,
            agent_id=agent_id,
            label=label,
            notify_policy=notify_policy,
            started_at=started_at,
            last_event_at=last_event_at,
            progress_summary=progress_summary,
            await_=await_ or None,
            current_step=UNSET if current_step is None else current_step,
            idempotency_key=idempotency_key,
        )
    except ClawflowError as error:
        if error.code not in REFUSALS:
            raise
        found = error.code != "not_found"
        reason = error.message if found else "Flow not found."
        return TaskRefused(found, error.code, reason, error.current)
    made = RunTaskAnswer.of(answer)
    if made.created and made.flow is not None and made.task is not None:
        return TaskCreated(made.flow, made.task)
    return TaskRefused(made.found, made.code or "invalid", made.reason or "", made.flow)


@operation("flow.setWaiting", flow_id="flow")
def set_waiting(
    binding: Binding,
    flow_id: str,
    *,
    expected_revision: int,
    current_step: str | Unset | None = UNSET,
    state_json: Any = UNSET,
    wait_json: Any = UNSET,
    blocked_task_id: str | None = None,
    blocked_summary: str | None = None,
    wait_for: WaitFor | None = None,
    on_resolved: OnResolved | None = None,
    deadline_at: int | None = None,
    deadline_ms: int | None = None,
    on_deadline: OnTimeout | None = None,
) -> Steps[Outcome]:
    """Parks the flow: blocked if a blocker is given, else waiting.

    With `wait_for` the engine wakes the flow when it is there, or only tells with
    `on_resolved="tell"`. Older waits of the flow are closed.
    """
    return (
        yield from mutate(
            binding,
            "flow.setWaiting",
            flow_id,
            _required(expected_revision),
            current_step=current_step,
            state_json=state_json,
            wait_json=wait_json,
            blocked_task_id=blocked_task_id,
            blocked_summary=blocked_summary,
            wait_for=None if wait_for is None else wait_for.json(),
            on_resolved=on_resolved,
            deadline_at=deadline_at,
            deadline_ms=deadline_ms,
            on_deadline=on_deadline,
        )
    )


@operation("flow.resume", flow_id="flow")
def resume(
    binding: Binding,
    flow_id: str,
    *,
    expected_revision: int,
    status: FlowStatus | None = None,
    current_step: str | Unset | None = UNSET,
    state_json: Any = UNSET,
) -> Steps[Outcome]:
    """Goes on with a parked flow: `running`, or `queued` if asked."""
    return (
        yield from mutate(
            binding,
            "flow.resume",
            flow_id,
            _required(expected_revision),
            status=status,
            current_step=current_step,
            state_json=state_json,
        )
    )


@operation("flow.finish", flow_id="flow")
def finish(
    binding: Binding,
    flow_id: str,
    *,
    expected_revision: int,
    current_step: str | Unset | None = UNSET,
    state_json: Any = UNSET,
) -> Steps[Outcome]:
    """Ends the flow well."""
    return (
        yield from mutate(
            binding,
            "flow.finish",
            flow_id,
            _required(expected_revision),
            current_step=current_step,
            state_json=state_json,
        )
    )


@operation("flow.fail", flow_id="flow")
def fail(
    binding: Binding,
    flow_id: str,
    *,
    expected_revision: int,
    current_step: str | Unset | None = UNSET,
    state_json: Any = UNSET,
    error: str | None = None,
    blocked_task_id: str | None = None,
    blocked_summary: str | None = None,
) -> Steps[Outcome]:
    """Ends the flow badly, and says why."""
    return (
        yield from mutate(
            binding,
            "flow.fail",
            flow_id,
            _required(expected_revision),
            current_step=current_step,
            state_json=state_json,
            error=error,
            blocked_task_id=blocked_task_id,
            blocked_summary=blocked_summary,
        )
    )


@operation("flow.requestCancel", flow_id="flow")
def request_cancel(
    binding: Binding,
    flow_id: str,
    *,
    expected_revision: int,
    reason: str | None = None,
    current_step: str | Unset | None = UNSET,
    state_json: Any = UNSET,
    wait_json: Any = UNSET,
) -> Steps[Outcome]:
    """Records the intent to cancel and lets the children be; it ends once none is active."""
    return (
        yield from mutate(
            binding,
            "flow.requestCancel",
            flow_id,
            _required(expected_revision),
            reason=reason,
            current_step=current_step,
            state_json=state_json,
            wait_json=wait_json,
        )
    )


@operation("flow.cancel", flow_id="flow")
def cancel(
    binding: Binding,
    flow_id: str,
    *,
    reason: str | None = None,
    wait_ms: int = CANCEL_WAIT_MS,
    expected_revision: int | None = None,
) -> Steps[CancelOutcome]:
    """Cancels the flow and stops its children.

    Returns once it has ended, at the latest after `wait_ms` (at most 60,000); with 0 as soon as
    the intent is recorded.
    """
    try:
        answer = yield from call(
            binding,
            "flow.cancel",
            flow=flow_id,
            reason=reason,
            wait_ms=wait_ms,
            expected_revision=expected_revision,
        )
    except ClawflowError as error:
        if error.code == "not_found":
            return CancelOutcome(False, False, "Flow not found.")
        if error.code == "terminal" and error.current is not None:
            reason = f"Flow is already {error.current.status}."
            return CancelOutcome(True, False, reason, error.current)
        if error.code not in REFUSALS:
            raise
        return CancelOutcome(True, False, error.message, error.current)
    flow = Flow.of(answer)
    if flow.status == "cancelled":
        return CancelOutcome(True, True, None, flow)
    return CancelOutcome(True, False, "One or more child tasks are still active.", flow)


def mutate(
    binding: Binding, name: str, flow_id: str, expected_revision: int | None, /, **fields: Any
) -> Steps[Outcome]:
    """A command that changes a flow, and what became of it."""
    try:
        answer = yield from call(
            binding, name, flow=flow_id, expected_revision=expected_revision, **fields
        )
    except ClawflowError as error:
        if error.code not in REFUSALS:
            raise
        return Refused(error.code, error.current, error.message, error=error)
    flow = FlowWaiting.of(answer)
    return Applied(flow, flow.wait_id)


def _required(revision: int) -> int:
    """The revision that a decision was made on: TaskFlow's commands must name it."""
    if not isinstance(revision, int) or isinstance(revision, bool) or revision < 0:
        raise ValueError("expectedRevision is required: the revision of the flow that was read")
    return revision


def _or_none(steps: Steps[Any]) -> Generator[Any, Any, Any]:
    try:
        return (yield from steps)
    except ClawflowError as error:
        if error.code != "not_found":
            raise
        return None
