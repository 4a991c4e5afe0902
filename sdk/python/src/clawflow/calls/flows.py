"""Flows of every kind: looking, answering, holding back, trying again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..answers import Answered, EventList, FlowNews, Purged, Signalled, Source, Why
from ..binding import Binding
from ..codec import given
from ..exchange import UNSET, Steps, call
from ..outcome import Outcome
from ..records import Budget, Flow, FlowLine, FlowView
from ..words import FlowStatus, SettleHow
from . import managed
from .operation import operation


@operation("flow.list", without=("limit", "after"))
def list_flows(
    binding: Binding,
    *,
    status: Sequence[FlowStatus] = (),
    owner: str | None = None,
    parent: str | None = None,
    since: int | None = None,
    name: str | None = None,
    label: Sequence[str] = (),
    retried: bool | None = None,
    all: bool = False,
) -> Steps[list[FlowLine]]:
    """Flows of all owners, newest first; with `all` also those that ended over a day ago."""
    filters = {"since": since, "name": name, "label": [*label] or None, "retried": retried}
    return (
        yield from managed.every_flow(
            binding, status=status, owner=owner, parent=parent, all=all, **filters
        )
    )


@operation("flow.show", flow_id="flow")
def show(binding: Binding, flow_id: str) -> Steps[FlowView]:
    """The flow with its steps, waits and tasks."""
    return FlowView.of((yield from call(binding, "flow.show", flow=flow_id)))


@operation("flow.wait", flow_id="flow")
def news(
    binding: Binding,
    flow_id: str,
    *,
    after_event: int = 0,
    timeout_ms: int = 0,
    until_ended: bool = False,
    until_rest: bool = False,
) -> Steps[FlowNews]:
    """What happened after an event, as soon as something has; at most 60,000 ms later."""
    answer = yield from call(
        binding,
        "flow.wait",
        flow=flow_id,
        after_event=after_event,
        timeout_ms=timeout_ms,
        until_ended=until_ended,
        until_rest=until_rest,
    )
    return FlowNews.of(answer)


@operation("flow.answer", flow_id="flow")
def answer(
    binding: Binding,
    flow_id: str,
    *,
    by: str,
    approve: bool | None = None,
    response: Any = UNSET,
    step: str | None = None,
    wait_id: str | None = None,
    shown_hash: str | None = None,
) -> Steps[Answered]:
    """Gives a person's answer: yes or no, or any JSON where that is asked for."""
    answer = yield from call(
        binding,
        "flow.answer",
        flow=flow_id,
        by=by,
        approve=approve,
        response=response,
        step=step,
        wait_id=wait_id,
        shown_hash=shown_hash,
    )
    return Answered.of(answer)


@operation("flow.settle", flow_id="flow")
def settle(
    binding: Binding,
    flow_id: str,
    *,
    how: SettleHow,
    by: str,
    step: str | None = None,
    result: Any = UNSET,
) -> Steps[Flow]:
    """Decides about a step whose outcome is in doubt."""
    answer = yield from call(
        binding, "flow.settle", flow=flow_id, how=how, by=by, step=step, result=result
    )
    return Flow.of(answer)


@operation("flow.pause", flow_id="flow")
def pause(
    binding: Binding,
    flow_id: str,
    *,
    reason: str | None = None,
    expected_revision: int | None = None,
) -> Steps[Outcome]:
    """Holds back every start of the flow."""
    return (
        yield from managed.mutate(binding, "flow.pause", flow_id, expected_revision, reason=reason)
    )


@operation("flow.unpause", flow_id="flow")
def unpause(
    binding: Binding,
    flow_id: str,
    *,
    reason: str | None = None,
    expected_revision: int | None = None,
) -> Steps[Outcome]:
    """Allows starts again."""
    return (
        yield from managed.mutate(
            binding, "flow.unpause", flow_id, expected_revision, reason=reason
        )
    )


@operation("flow.budget", flow_id="flow")
def set_budget(
    binding: Binding,
    flow_id: str,
    *,
    by: str,
    budget: Budget | Mapping[str, Any] | None = None,
    replace: bool = False,
    expected_revision: int | None = None,
) -> Steps[Outcome]:
    """Gives the flow another budget; one that is held goes on if there is something left of it.

    What `budget` leaves out stays as it is, or is without limit with `replace`.
    """
    return (
        yield from managed.mutate(
            binding,
            "flow.budget",
            flow_id,
            expected_revision,
            budget=given(budget),
            by=by,
            replace=replace or None,
        )
    )


@operation("flow.retry", flow_id="flow", from_step="from")
def retry(
    binding: Binding,
    flow_id: str,
    *,
    from_step: str | None = None,
    idempotency_key: str | None = None,
) -> Steps[Flow]:
    """Makes a new flow from an ended one, with its recorded results.

    From `from_step` on everything runs anew; without it, what failed is tried again.
    """
    fields = {"from": from_step, "idempotency_key": idempotency_key}
    return Flow.of((yield from call(binding, "flow.retry", flow=flow_id, **fields)))


@operation("flow.fork", flow_id="flow", from_step="from")
def fork(
    binding: Binding,
    flow_id: str,
    *,
    from_step: str,
    args: Mapping[str, Any] | None = None,
    key: str | None = None,
    idempotency_key: str | None = None,
) -> Steps[Flow]:
    """Makes a new flow from a step of another one, maybe with other arguments.

    What was recorded before the step stays as it is.
    """
    fields = {
        "from": from_step,
        "args": None if args is None else dict(args),
        "key": key,
        "idempotency_key": idempotency_key,
    }
    return Flow.of((yield from call(binding, "flow.fork", flow=flow_id, **fields)))


@operation("flow.adopt", flow_id="flow")
def adopt(binding: Binding, flow_id: str) -> Steps[Flow]:
    """Drives the flow in this holder of the home, if it does not yet."""
    return Flow.of((yield from call(binding, "flow.adopt", flow=flow_id)))


@operation("flow.why", flow_id="flow")
def why(binding: Binding, flow_id: str) -> Steps[Why]:
    """Why the flow stands where it stands."""
    return Why.of((yield from call(binding, "flow.why", flow=flow_id)))


@operation("flow.source", flow_id="flow")
def source(binding: Binding, flow_id: str) -> Steps[Source]:
    """The workflow file that the flow was made from."""
    return Source.of((yield from call(binding, "flow.source", flow=flow_id)))


@operation("flow.events", flow_id="flow")
def history(
    binding: Binding, flow_id: str | None = None, *, after: int = 0, limit: int | None = None
) -> Steps[EventList]:
    """A page of the history of a flow, a task or all, oldest first."""
    answer = yield from call(binding, "flow.events", flow=flow_id, after=after, limit=limit)
    return EventList.of(answer)


@operation("flow.purge", flow_id="flow")
def purge(
    binding: Binding,
    flow_id: str | None = None,
    *,
    ended_before: int | None = None,
    status: Sequence[FlowStatus] = (),
    dry_run: bool = False,
) -> Steps[list[str]]:
    """Deletes ended flows: the one named, or all that match. Answers their ids."""
    answer = yield from call(
        binding,
        "flow.purge",
        flow=flow_id,
        ended_before=ended_before,
        status=[*status],
        dry_run=dry_run,
    )
    return Purged.of(answer).flows


@operation("flow.run")
def run(
    binding: Binding,
    *,
    source: str,
    file: str,
    cwd: str,
    path: str | None = None,
    files: Mapping[str, str] | None = None,
    args: Mapping[str, Any] | None = None,
    env: Mapping[str, str] | None = None,
    owner: str | None = None,
    key: str | None = None,
    auto_approve: bool = False,
    idempotency_key: str | None = None,
) -> Steps[Flow]:
    """Starts a flow from the text of a workflow file; `file` is its name.

    `files` are the files that it names as child flows, by absolute path, relative to the folder of
    `path`.
    """
    answer = yield from call(
        binding,
        "flow.run",
        source=source,
        file=file,
        cwd=cwd,
        path=path,
        files=None if files is None else dict(files),
        args=None if args is None else dict(args),
        env=None if env is None else dict(env),
        owner=owner,
        key=key,
        auto_approve=auto_approve,
        idempotency_key=idempotency_key,
    )
    return Flow.of(answer)


@operation("signal.send", flow_id="flow")
def signal(
    binding: Binding,
    name: str,
    *,
    key: str | None = None,
    payload: Any = UNSET,
    flow_id: str | None = None,
    idempotency_key: str | None = None,
) -> Steps[Signalled]:
    """Tells the session's waiting flows that something has happened."""
    answer = yield from call(
        binding,
        "signal.send",
        name=name,
        key=key,
        payload=payload,
        flow=flow_id,
        idempotency_key=idempotency_key,
    )
    return Signalled.of(answer)
