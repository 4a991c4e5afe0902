"""Asyncio HTTP over a unix socket or TCP. For one event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from .. import limits
from ..errors import TransportError
from ..exchange import Pause, Request, Response, Steps
from ..settings import Settings
from ..transport import why
from .wire import Connection, Head

T = TypeVar("T")

BROKEN = (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError, ValueError)
"""What a connection fails with that breaks off or talks nonsense."""


async def drive(steps: Steps[T], send: Callable[[Request], Awaitable[Response]]) -> T:
    """Carries a call out to its end."""
    try:
        step = next(steps)
        while True:
            if isinstance(step, Pause):
                await asyncio.sleep(step.seconds)
                step = steps.send(None)
                continue
            try:
                response = await send(step)
            except TransportError as failure:
                step = steps.throw(failure)
            else:
                step = steps.send(response)
    except StopIteration as done:
        result: T = done.value
        return result


class Transport:
    """Connections to one gateway."""

    def __init__(self, settings: Settings) -> None:
        """Connects with the first request."""
        self.settings = settings
        self._idle: list[tuple[float, Connection]] = []
        self._closed = False

    async def send(self, request: Request) -> Response:
        """Sends a request; :class:`TransportError` if no answer comes."""
        connection = self._take() or await self.connect()
        keep = False
        try:
            async with asyncio.timeout(request.timeout):
                head = await connection.ask(self.settings, request)
                if not head.bounded:
                    # The gateway's answers have an end; this is the half of one.
                    raise EOFError("the answer broke off")
                body = b"".join([part async for part in connection.body(head)])
            keep = head.keep
        except BROKEN as error:
            raise TransportError(f"{self.settings.where}: {why(error)}", sent=True) from error
        finally:
            if keep:
                self._give(connection)
            else:
                connection.close()
        return Response(head.status, head.headers, body)

    async def stream(self, request: Request) -> tuple[Connection, Head]:
        """Opens an answer without an end, on a connection of its own, which the caller closes."""
        connection = await self.connect()
        try:
            async with asyncio.timeout(request.timeout):
                return connection, await connection.ask(self.settings, request)
        except BROKEN as error:
            connection.close()
            raise TransportError(f"{self.settings.where}: {why(error)}", sent=True) from error
        except BaseException:
            connection.close()
            raise

    async def connect(self) -> Connection:
        """A new connection; :class:`TransportError` if nobody is there."""
        try:
            return await Connection.open(self.settings)
        except OSError as error:
            where = self.settings.where
            raise TransportError(f"no gateway at {where}: {why(error)}", sent=False) from error

    def close(self) -> None:
        """Closes what is open; requests under way end by themselves."""
        self._closed = True
        while self._idle:
            self._idle.pop()[1].close()

    def _take(self) -> Connection | None:
        while self._idle:
            since, connection = self._idle.pop()
            if time.monotonic() - since < limits.IDLE_MAX and connection.usable:
                return connection
            connection.close()
        return None

    def _give(self, connection: Connection) -> None:
        if self._closed or len(self._idle) >= limits.IDLE_CONNECTIONS:
            connection.close()
        else:
            self._idle.append((time.monotonic(), connection))
