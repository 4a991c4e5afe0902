"""The event feed without a transport: server-sent events in, records out, and where to go on."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

from . import limits
from .binding import Binding
from .endpoints import STREAM
from .errors import ClawflowError, TransportError
from .exchange import Request, problem, query
from .records import Event


@dataclass(slots=True)
class Feed:
    """One subscription, over as many connections as it takes.

    `last_id` is the place to go on from: what was given once is never given again.
    """

    binding: Binding
    flow_id: str | None = None
    last_id: int | None = None
    patience: float = limits.PATIENCE
    failures: int = 0
    _opened: bool = False
    _away: float | None = None
    _lines: Lines = field(default_factory=lambda: Lines())
    _data: list[str] = field(default_factory=list)
    _id: str | None = None

    def request(self) -> Request:
        """The request that opens it, or opens it again."""
        self._lines, self._data, self._id = Lines(), [], None
        headers = {"Accept": "text/event-stream", **self.binding.headers()}
        given = {} if self.flow_id is None else {"flow": self.flow_id}
        if self.last_id is not None:
            headers["Last-Event-ID"] = str(self.last_id)
        target = f"{STREAM}?{query(given)}" if given else STREAM
        return Request("GET", target, headers, None, limits.STREAM_SILENCE, True)

    def opened(self, status: int, body: bytes) -> None:
        """What the gateway answered to it. Raises what will not pass by itself."""
        if status == 200:
            self._opened, self._away = True, None
            return
        error = problem(status, body)
        if error.code != "unavailable" and status != 429:
            raise error
        self.lost(error)

    def lost(self, why: ClawflowError | TransportError) -> None:
        """The connection broke. Raises once patience is at its end."""
        self.failures += 1
        now = time.monotonic()
        self._away = self._away or now
        hopeless = self.failures > len(limits.RETRY_PAUSES) and not self._opened
        if hopeless or now - self._away > self.patience:
            if isinstance(why, ClawflowError):
                raise why
            hint = None if self._opened else "start one: clawflow gateway run"
            raise ClawflowError("unavailable", 0, str(why), hint) from why

    def pause(self) -> float:
        """Seconds before the next try."""
        pauses = limits.STREAM_PAUSES if self._opened else limits.RETRY_PAUSES
        return pauses[min(self.failures, len(pauses)) - 1] if self.failures else 0.0

    def feed(self, data: bytes) -> list[Event]:
        """The events that are complete with these bytes."""
        events = []
        for line in self._lines.feed(data):
            if line:
                self._line(line)
                continue
            event = self._dispatch()
            if event is not None:
                self.failures = 0
                events.append(event)
        return events

    def _line(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "id":
            self._id = value

    def _dispatch(self) -> Event | None:
        data, self._data = "\n".join(self._data), []
        name, self._id = self._id, None
        # Without an id it is no event of the ledger but a word of the server's.
        if name is None or not name.isdecimal():
            return None
        place = int(name)
        if self.last_id is not None and place <= self.last_id:
            return None
        if not data:
            # As the format has it: no event, but a place to go on from.
            self.last_id = place
            return None
        try:
            event = Event.of(json.loads(data))
        except ValueError as error:
            raise ClawflowError("bad_answer", 200, f"an event is no JSON: {data[:80]!r}") from error
        self.last_id = place
        return event


class Lines:
    """Lines of text, however the bytes come."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._rest = bytearray()
        self._skip = False

    def feed(self, data: bytes) -> list[str]:
        """The lines that are complete with these bytes; an end of line is CR, LF or both."""
        if self._skip and data:
            data = data.removeprefix(b"\n")
            self._skip = False
        self._rest += data
        self._skip = self._rest.endswith(b"\r")
        *whole, rest = self._rest.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        if len(rest) > limits.LINE_BYTES:
            raise ClawflowError("bad_answer", 200, f"a line of more than {limits.LINE_BYTES} bytes")
        self._rest = rest
        return [line.decode("utf-8", "replace") for line in whole]
