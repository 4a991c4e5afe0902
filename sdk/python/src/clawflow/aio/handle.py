"""An asyncio handle: a binding, a transport, and methods made from the calls."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..binding import Binding
from ..exchange import Steps
from .transport import Transport, drive

P = ParamSpec("P")
T = TypeVar("T")


class Handle:
    """Speaks for one binding over one transport."""

    def __init__(self, binding: Binding, transport: Transport) -> None:
        """Handles of one gateway share a transport."""
        self._binding = binding
        self._transport = transport


def method(
    build: Callable[Concatenate[Binding, P], Steps[T]],
) -> Callable[Concatenate[Handle, P], Coroutine[Any, Any, T]]:
    """The method that carries a call out, with the call's signature and documentation."""

    @functools.wraps(build)
    async def run(self: Handle, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await drive(build(self._binding, *args, **kwargs), self._transport.send)

    return run
