"""The event feed as a blocking iterator."""

from __future__ import annotations

import http.client
import time
from collections import deque
from typing import Self

from .errors import TransportError
from .feed import Feed
from .records import Event
from .transport import Transport, why

CHUNK = 64 << 10


class EventStream:
    """Events in order, each once, over as many connections as it takes. Close it when done.

    `last_event_id` is the place of the newest event that was given: `events(after=…)` goes on
    from there, in another process too.
    """

    def __init__(self, feed: Feed, transport: Transport) -> None:
        """Connects with the first `next`."""
        self._feed = feed
        self._transport = transport
        self._ready: deque[Event] = deque()
        self._last = feed.last_id
        self._open: tuple[http.client.HTTPConnection, http.client.HTTPResponse] | None = None
        self._closed = False

    @property
    def last_event_id(self) -> int | None:
        """The place of the newest event that was given."""
        return self._last

    def __iter__(self) -> Self:
        """Itself."""
        return self

    def __next__(self) -> Event:
        """The next event; waits for it. Ends only when it is closed."""
        while not self._ready:
            if self._closed:
                raise StopIteration
            try:
                self._ready.extend(self._read())
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

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the feed."""
        self.close()

    def _read(self) -> list[Event]:
        if self._open is None:
            time.sleep(self._feed.pause())
            connection, answer = self._transport.stream(self._feed.request())
            self._open = connection, answer
            body = answer.read() if answer.status != 200 else b""
            if answer.status != 200:
                self._hang_up()
            self._feed.opened(answer.status, body)
            return []
        try:
            data = self._open[1].read1(CHUNK)
        except (OSError, http.client.HTTPException, AttributeError, ValueError) as error:
            # `read1` of an answer that another thread has closed fails in all these ways.
            raise TransportError(f"the feed broke off: {why(error)}", sent=True) from error
        if not data:
            raise TransportError("the feed broke off", sent=True)
        return self._feed.feed(data)

    def _hang_up(self) -> None:
        if self._open is not None:
            connection, answer = self._open
            self._open = None
            answer.close()
            connection.close()
