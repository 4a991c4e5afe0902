"""Waiting for a flow, over as many requests and gateways as it takes."""

from __future__ import annotations

import time
from collections.abc import Callable

from .. import limits
from ..answers import FlowNews
from ..binding import Binding
from ..errors import ClawflowError
from ..exchange import Pause, Steps, call
from ..records import FlowView


def wait_for_flow(
    binding: Binding,
    flow_id: str,
    *,
    until: Callable[[FlowView], bool] | None = None,
    timeout: float | None = None,
    patience: float = limits.PATIENCE,
) -> Steps[FlowView]:
    """Waits until the flow has ended, or until `until` is true of it; answers the flow.

    `TimeoutError` after `timeout` seconds. A gateway that is away for no longer than `patience`
    seconds is waited for.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    seen, away = 0, None
    while True:
        left = limits.POLL
        if deadline is not None:
            left = max(0.0, min(left, deadline - time.monotonic()))
        try:
            answer = yield from call(
                binding,
                "flow.wait",
                flow=flow_id,
                after_event=seen,
                # The first look answers at once, whatever happened before.
                timeout_ms=int(left * 1000) if seen else 0,
                until_ended=until is None and seen > 0,
            )
        except ClawflowError as error:
            away = away or time.monotonic()
            if error.code != "unavailable" or time.monotonic() - away > patience:
                raise
            yield Pause(limits.RETRY_PAUSES[-1])
        else:
            away = None
            news = FlowNews.of(answer)
            if until(news.view) if until else news.view.ended:
                return news.view
            # One page may not be all: the view is as new as its own number.
            seen = max(seen, news.view.last_event)
        if deadline is not None and time.monotonic() >= deadline:
            raise TimeoutError(f"flow {flow_id} is not there yet after {timeout} s")
