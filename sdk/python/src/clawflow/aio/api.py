"""The asyncio API: :func:`connect`, :class:`Api` and the bound :class:`TaskFlow`."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Self, TypeVar

from .. import limits
from ..binding import Binding
from ..calls import clawflow, deliveries, flows, following, gateway, managed, schedules, tasks
from ..feed import Feed
from ..outcome import Outcome, Refused
from ..records import Flow, Origin
from ..settings import find
from .handle import Handle, method
from .stream import EventStream
from .transport import Transport

R = TypeVar("R", bound=Outcome | None)


def connect(
    socket: str | os.PathLike[str] | None = None,
    url: str | None = None,
    token: str | None = None,
    *,
    actor: str | None = None,
) -> Api:
    """The API of a gateway, at a unix socket or at a URL with a token.

    Without arguments: `CLAWFLOW_URL`, `CLAWFLOW_SOCKET`, else the socket in `CLAWFLOW_HOME`, else
    the one in the usual home; the token is `CLAWFLOW_TOKEN`. `actor` is who the history says has
    acted. Nothing is sent yet.
    """
    return Api(Binding(actor=actor), Transport(find(socket, url, token)))


class Shared(Handle):
    """What both handles can do."""

    show = method(flows.show)
    news = method(flows.news)
    answer = method(flows.answer)
    settle = method(flows.settle)
    pause = method(flows.pause)
    unpause = method(flows.unpause)
    set_budget = method(flows.set_budget)
    retry = method(flows.retry)
    fork = method(flows.fork)
    adopt = method(flows.adopt)
    why = method(flows.why)
    source = method(flows.source)
    history = method(flows.history)
    purge = method(flows.purge)
    cancel = method(managed.cancel)
    wait_for_flow = method(following.wait_for_flow)

    get_task = method(tasks.get_task)
    why_task = method(tasks.why_task)
    logs = method(tasks.logs)
    wait_for_task = method(tasks.wait_for_task)
    cancel_task = method(tasks.cancel_task)
    spawn_agent = method(tasks.spawn_agent)
    update_task = method(tasks.update_task)
    notify_task = method(tasks.notify_task)
    rerun_task = method(tasks.rerun_task)

    ack = method(deliveries.ack)
    redeliver = method(deliveries.redeliver)
    dismiss = method(deliveries.dismiss)

    get_schedule = method(schedules.get_schedule)
    edit_schedule = method(schedules.edit_schedule)
    enable_schedule = method(schedules.enable_schedule)
    disable_schedule = method(schedules.disable_schedule)
    remove_schedule = method(schedules.remove_schedule)
    run_schedule = method(schedules.run_schedule)
    list_schedule_runs = method(schedules.list_schedule_runs)
    next_slots = method(schedules.next_slots)
    schedule_status = method(schedules.schedule_status)

    def events(
        self,
        flow_id: str | None = None,
        *,
        after: int | None = None,
        patience: float = limits.PATIENCE,
    ) -> EventStream:
        """Events as they are committed, of a flow or of all that the handle sees.

        From after the place `after` on, 0 for the beginning, else from now on. Goes on by itself
        where a connection broke, as long as the gateway is not away for over `patience` seconds.
        """
        return EventStream(Feed(self._binding, flow_id, after, patience), self._transport)


class Api(Shared):
    """A gateway, as whoever the socket or the token lets in: an operator, or one owner."""

    list_flows = method(flows.list_flows)
    list_tasks = method(tasks.list_tasks)
    purge_tasks = method(tasks.purge_tasks)
    list_inbox = method(deliveries.list_inbox)
    list_deliveries = method(deliveries.list_deliveries)
    run = method(flows.run)
    run_command = method(tasks.run_command)
    add_schedule = method(schedules.add_schedule)
    list_schedules = method(schedules.list_schedules)

    audit = method(gateway.audit)
    list_queues = method(gateway.list_queues)
    status = method(gateway.status)
    stop = method(gateway.stop)
    sweep = method(gateway.sweep)
    import_openclaw = method(gateway.import_openclaw)
    create_token = method(gateway.create_token)
    list_tokens = method(gateway.list_tokens)
    revoke_token = method(gateway.revoke_token)

    def bind_session(
        self,
        session_key: str,
        requester_origin: Origin | Mapping[str, Any] | None = None,
        actor: str | None = None,
    ) -> TaskFlow:
        """A handle that sees and changes this session's records only.

        `requester_origin` says where the request came from; it arrives in every delivery.
        """
        binding = self._binding.bind(session_key, requester_origin, actor)
        return TaskFlow(binding, self._transport)

    def from_tool_context(self, ctx: object) -> TaskFlow:
        """A handle for the session of a tool's context: `sessionKey` and `deliveryContext`."""
        return TaskFlow(self._binding.bind_tool(ctx), self._transport)

    def close(self) -> None:
        """Closes the connections of this and of all handles that were made from it."""
        self._transport.close()

    async def __aenter__(self) -> Self:
        """Itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes it."""
        self.close()


class TaskFlow(Shared):
    """A session's flows. Records of others do not exist for it, and no method takes an owner."""

    add_schedule = method(schedules.add_own_schedule)
    list_schedules = method(schedules.list_own_schedules)

    create_managed = method(managed.create_managed)
    try_create_managed = method(managed.try_create_managed)
    get = method(managed.get)
    list = method(managed.list_own)
    find_latest = method(managed.find_latest)
    resolve = method(managed.resolve)
    get_task_summary = method(managed.get_task_summary)
    record_task = method(tasks.record_task)
    run_task = method(managed.run_task)
    set_waiting = method(managed.set_waiting)
    resume = method(managed.resume)
    finish = method(managed.finish)
    fail = method(managed.fail)
    request_cancel = method(managed.request_cancel)

    create_flow = method(clawflow.create_flow)
    get_flow = method(managed.get)
    run_task_in_flow = method(clawflow.run_task_in_flow)
    set_flow_waiting = method(clawflow.set_flow_waiting)
    resume_flow = method(clawflow.resume_flow)
    finish_flow = method(clawflow.finish_flow)
    fail_flow = method(clawflow.fail_flow)
    set_flow_output = method(clawflow.set_flow_output)
    append_flow_output = method(clawflow.append_flow_output)
    emit_flow_update = method(clawflow.emit_flow_update)

    signal = method(flows.signal)
    tasks = method(tasks.tasks)
    inbox = method(deliveries.inbox)
    deliveries = method(deliveries.deliveries)

    @property
    def session_key(self) -> str:
        """The session that it is bound to."""
        # invariant: `bind_session` has checked it.
        return self._binding.session_key or ""

    @property
    def requester_origin(self) -> Mapping[str, Any] | None:
        """Where its requests came from."""
        return self._binding.requester_origin

    async def with_conflict_retry(
        self,
        flow_id: str,
        decide: Callable[[Flow], Awaitable[R]],
        *,
        attempts: int = limits.CONFLICTS_MAX,
    ) -> R | Refused:
        """Lets `decide` act on the newest revision, again with the next while it conflicts.

        `decide` answers the outcome of its command, or `None` where there is nothing to change. It
        is called once per try: what it does beside its command must bear that.
        """
        for tried in itertools.count(1):
            flow = await self.get(flow_id)
            if flow is None:
                break
            outcome = await decide(flow)
            if not isinstance(outcome, Refused) or outcome.code != "revision_conflict":
                return outcome
            if tried >= attempts:
                return outcome
            # Two that always read at the same time would always meet again.
            await asyncio.sleep(random.random() * limits.CONFLICT_PAUSE_MAX * min(1, tried / 10))
        return Refused("not_found", message="Flow not found.")
