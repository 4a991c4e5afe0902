"""Messages that are owed to an owner, and its inbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..answers import Acknowledged, DeliveryList
from ..binding import Binding
from ..exchange import Steps, call
from ..records import Delivery
from ..words import DeliveryState
from .operation import operation


@operation("inbox.list", without=("owner",))
def inbox(
    binding: Binding,
    *,
    all: bool = False,
    limit: int | None = None,
    after: str | None = None,
    timeout_ms: int = 0,
) -> Steps[DeliveryList]:
    """A page of the session's messages, oldest first; waits up to `timeout_ms` for one.

    Whoever follows the inbox goes on with `after=str(message.place)` of the last message seen:
    places grow in the order in which messages come to lie there, ids do not.
    """
    return (
        yield from _page(
            binding, "inbox.list", all=all, limit=limit, after=after, timeout_ms=timeout_ms
        )
    )


@operation("inbox.list")
def list_inbox(
    binding: Binding,
    *,
    owner: str | None = None,
    all: bool = False,
    limit: int | None = None,
    after: str | None = None,
    timeout_ms: int = 0,
) -> Steps[DeliveryList]:
    """A page of the messages of an owner or of all, oldest first."""
    return (
        yield from _page(
            binding,
            "inbox.list",
            owner=owner,
            all=all,
            limit=limit,
            after=after,
            timeout_ms=timeout_ms,
        )
    )


@operation("inbox.ack")
def ack(binding: Binding, ids: Sequence[str], *, by: str | None = None) -> Steps[list[Delivery]]:
    """Acknowledges messages: the owner has them. Doing it twice is no error."""
    ids = [ids] if isinstance(ids, str) else [*ids]
    return Acknowledged.of((yield from call(binding, "inbox.ack", ids=ids, by=by))).deliveries


@operation("delivery.list", flow_id="flow", task_id="task", without=("owner",))
def deliveries(
    binding: Binding,
    *,
    flow_id: str | None = None,
    task_id: str | None = None,
    state: Sequence[DeliveryState] = (),
    limit: int | None = None,
    after: str | None = None,
) -> Steps[DeliveryList]:
    """A page of the session's deliveries on all routes, newest first."""
    return (
        yield from _page(
            binding,
            "delivery.list",
            flow=flow_id,
            task=task_id,
            state=[*state] or None,
            limit=limit,
            after=after,
        )
    )


@operation("delivery.list", flow_id="flow", task_id="task")
def list_deliveries(
    binding: Binding,
    *,
    owner: str | None = None,
    flow_id: str | None = None,
    task_id: str | None = None,
    state: Sequence[DeliveryState] = (),
    limit: int | None = None,
    after: str | None = None,
) -> Steps[DeliveryList]:
    """A page of the deliveries of an owner or of all, newest first."""
    return (
        yield from _page(
            binding,
            "delivery.list",
            owner=owner,
            flow=flow_id,
            task=task_id,
            state=[*state] or None,
            limit=limit,
            after=after,
        )
    )


@operation("delivery.redeliver", delivery_id="delivery")
def redeliver(
    binding: Binding, delivery_id: str, *, by: str | None = None
) -> Steps[list[Delivery]]:
    """Tries a delivery again, or all of a flow or task."""
    answer = yield from call(binding, "delivery.redeliver", delivery=delivery_id, by=by)
    return DeliveryList.of(answer).deliveries


@operation("delivery.dismiss", delivery_id="delivery")
def dismiss(binding: Binding, delivery_id: str, *, by: str | None = None) -> Steps[list[Delivery]]:
    """Drops a delivery, or all of a flow or task: nothing is owed any more."""
    answer = yield from call(binding, "delivery.dismiss", delivery=delivery_id, by=by)
    return DeliveryList.of(answer).deliveries


def _page(binding: Binding, name: str, **fields: Any) -> Steps[DeliveryList]:
    return DeliveryList.of((yield from call(binding, name, **fields)))
