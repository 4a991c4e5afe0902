"""The event feed as an asynchronous iterator."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Self

from .. import limits
from ..errors import TransportError
from ..feed import Feed
from ..records import Event
from ..transport import why
from .transport import BROKEN, Transport
from .wire import Connection


class EventStream:
    """Events in order, each once, over as many connections as it takes. Close it when done.

    `last_event_id` is the place of the newest event that was given: `events(after=…)` goes on
    from there, in another process too.
    """

    def __init__(self, feed: Feed, transport: Transport) -> None:
        """Connects with the first `anext`."""
        self._feed = feed
        self._transport = transport
        self._ready: deque[Event] = deque()
        self._last = feed.last_id
        self._open: tuple[Connection, AsyncIterator[bytes]] | None = None
        self._closed = False

    @property
    def last_event_id(self) -> int | None:
        """The place of the newest event that was given."""
        return self._last

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> Event:
        """The next event; waits for it. Ends only when it is closed."""
        while not self._ready:
            if self._closed:
                raise StopAsyncIteration
            try:
                self._ready.extend(await self._read())
            except TransportError as failure:
                self._hang_up()
                if not self._closed:
                    self._feed.lost(failure)
            except BaseException:
                self._hang_up()
                raise
        event = self._ready.popleft()
        self._last = event.seq
        return event

    def close(self) -> None:
        """Ends the feed."""
        self._closed = True
        self._hang_up()

    async def __aenter__(self) -> Self:
        """Itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ends the feed."""
        self.close()

    async def _read(self) -> list[Event]:
        if self._open is None:
            await asyncio.sleep(self._feed.pause())
            connection, head = await self._transport.stream(self._feed.request())
            parts = connection.body(head)
            self._open = connection, parts
            body = b"" if head.status == 200 else await self._all(parts)
            if head.status != 200:
                self._hang_up()
            self._feed.opened(head.status, body)
            return []
        data = await self._next(self._open[1])
        if not data:
            raise TransportError("the feed broke off", sent=True)
        return self._feed.feed(data)

    async def _all(self, parts: AsyncIterator[bytes]) -> bytes:
        whole = b""
        while data := await self._next(parts):
            whole += data
        return whole

    async def _next(self, parts: AsyncIterator[bytes]) -> bytes:
        try:
            async with asyncio.timeout(limits.STREAM_SILENCE):
                return await anext(parts, b"")
        except BROKEN as error:
            raise TransportError(f"the feed broke off: {why(error)}", sent=True) from error

    def _hang_up(self) -> None:
        if self._open is not None:
            self._open[0].close()
            self._open = None
