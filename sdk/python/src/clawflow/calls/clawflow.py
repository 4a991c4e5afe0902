"""ClawFlow's names over the same commands.

Without a revision they are decided on the newest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..answers import Emitted
from ..binding import Binding
from ..exchange import UNSET, Steps, Unset, call
from ..outcome import Outcome, TaskOutcome
from ..records import Budget, Flow
from ..waits import TaskEnd, WaitFor
from ..words import (
    FlowStatus,
    NotifyPolicy,
    OnChildrenDone,
    OnResolved,
    OnTimeout,
    Runtime,
    TaskStatus,
)
from . import managed
from .operation import operation

CONTROLLER = "clawflow/sdk"
"""The controller of flows that are made without one: ClawFlow had none."""


@operation("flow.create")
def create_flow(
    binding: Binding,
    *,
    goal: str,
    controller_id: str = CONTROLLER,
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
    """Makes a flow: `create_managed` that needs no controller's name."""
    return (
        yield from managed.create_managed(
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


@operation("flow.runTask", flow_id="flow", without=("await",), launch="status")
def run_task_in_flow(
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
    launch: TaskStatus | None = None,
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
    current_step: str | None = None,
    idempotency_key: str | None = None,
) -> Steps[TaskOutcome]:
    """Adds a child, and the flow waits for it from now on: `run_task` with `await_`."""
    return (
        yield from managed.run_task(
            binding,
            flow_id,
            runtime=runtime,
            task=task,
            command=command,
            acp=acp,
            cwd=cwd,
            env=env,
            timeout_ms=timeout_ms,
            budget=budget,
            status=launch or status,
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
            await_=True,
            current_step=current_step,
            idempotency_key=idempotency_key,
        )
    )


@operation("flow.setWaiting", flow_id="flow", waiting_on_task_id="waitFor")
def set_flow_waiting(
    binding: Binding,
    flow_id: str,
    *,
    expected_revision: int | None = None,
    current_step: str | Unset | None = UNSET,
    state_json: Any = UNSET,
    wait_json: Any = UNSET,
    blocked_task_id: str | None = None,
    blocked_summary: str | None = None,
    wait_for: WaitFor | None = None,
    waiting_on_task_id: str | None = None,
    on_resolved: OnResolved | None = None,
    deadline_at: int | None = None,
    deadline_ms: int | None = None,
    on_deadline: OnTimeout | None = None,
) -> Steps[Outcome]:
    """Parks the flow as it is now: `set_waiting` on the newest revision.

    `waiting_on_task_id` is short for `wait_for=TaskEnd(…)`.
    """
    if waiting_on_task_id is not None:
        wait_for = TaskEnd(waiting_on_task_id)
    return (
        yield from managed.mutate(
            binding,
            "flow.setWaiting",
            flow_id,
            expected_revision,
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
def resume_flow(
    binding: Binding,
    flow_id: str,
    *,
    expected_revision: int | None = None,
    status: FlowStatus | None = None,
    current_step: str | Unset | None = UNSET,
    state_json: Any = UNSET,
) -> Steps[Outcome]:
    """Goes on with a parked flow: `resume` on the newest revision."""
    return (
        yield from managed.mutate(
            binding,
            "flow.resume",
            flow_id,
            expected_revision,
            status=status,
            current_step=current_step,
            state_json=state_json,
        )
    )


@operation("flow.finish", flow_id="flow")
def finish_flow(
    binding: Binding,
    flow_id: str,
    *,
    expected_revision: int | None = None,
    current_step: str | Unset | None = UNSET,
    state_json: Any = UNSET,
) -> Steps[Outcome]:
    """Ends the flow well: `finish` on the newest revision."""
    return (
        yield from managed.mutate(
            binding,
            "flow.finish",
            flow_id,
            expected_revision,
            current_step=current_step,
            state_json=state_json,
        )
    )


@operation("flow.fail", flow_id="flow")
def fail_flow(
    binding: Binding,
    flow_id: str,
    *,
    expected_revision: int | None = None,
    current_step: str | Unset | None = UNSET,
    state_json: Any = UNSET,
    error: str | None = None,
    blocked_task_id: str | None = None,
    blocked_summary: str | None = None,
) -> Steps[Outcome]:
    """Ends the flow badly: `fail` on the newest revision."""
    return (
        yield from managed.mutate(
            binding,
            "flow.fail",
            flow_id,
            expected_revision,
            current_step=current_step,
            state_json=state_json,
            error=error,
            blocked_task_id=blocked_task_id,
            blocked_summary=blocked_summary,
        )
    )


@operation("flow.setOutput", flow_id="flow", key="name")
def set_flow_output(
    binding: Binding, flow_id: str, key: str, value: Any, *, expected_revision: int | None = None
) -> Steps[Outcome]:
    """Replaces an output of the flow."""
    return (
        yield from managed.mutate(
            binding, "flow.setOutput", flow_id, expected_revision, name=_output(key), value=value
        )
    )


@operation("flow.appendOutput", flow_id="flow", key="name")
def append_flow_output(
    binding: Binding, flow_id: str, key: str, value: Any, *, expected_revision: int | None = None
) -> Steps[Outcome]:
    """Makes an output an array of this value, or extends the array."""
    return (
        yield from managed.mutate(
            binding, "flow.appendOutput", flow_id, expected_revision, name=_output(key), value=value
        )
    )


@operation("flow.emit", flow_id="flow")
def emit_flow_update(
    binding: Binding,
    flow_id: str,
    content: str,
    *,
    event_key: str | None = None,
    data: Any = UNSET,
    current_step: str | None = None,
    idempotency_key: str | None = None,
) -> Steps[Emitted]:
    """Sends the owner one message; once per flow and `event_key`, if one is given."""
    if not content.strip():
        raise ValueError("Flow update content is required.")
    answer = yield from call(
        binding,
        "flow.emit",
        flow=flow_id,
        content=content,
        event_key=event_key,
        data=data,
        current_step=UNSET if current_step is None else current_step,
        idempotency_key=idempotency_key,
    )
    return Emitted.of(answer)


def _output(key: str) -> str:
    if not key.strip():
        raise ValueError("Flow output key is required.")
    return key
