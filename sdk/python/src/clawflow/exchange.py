"""Requests, answers and what to do between them, without a transport.

A call is a generator: it yields each :class:`Request` (or a :class:`Pause`), is sent the
:class:`Response`, and returns its result. :mod:`clawflow.transport` and
:mod:`clawflow.aio.transport` drive the same generators, so that both act alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar, final
from urllib.parse import quote, urlencode

from . import limits
from .binding import Binding
from .codec import camel
from .endpoints import ENDPOINTS
from .errors import ClawflowError, TransportError
from .records import Flow


@final
class Unset:
    """The type of :data:`UNSET`."""

    def __repr__(self) -> str:
        """As it is written."""
        return "UNSET"


UNSET: Final = Unset()
"""Left out: the field keeps its value. `None` is JSON's `null`, which clears or is a value."""

NULLABLE: Final = frozenset(
    ("current_step", "state_json", "wait_json", "response", "result", "value", "payload", "data")
)
"""Fields for which `null` says something. For every other one `None` means left out."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent."""

    method: str
    target: str
    """Path and query."""
    headers: Mapping[str, str]
    body: bytes | None
    timeout: float
    """Seconds that the answer may take."""
    repeatable: bool
    """Whether it may be sent again when nobody knows what became of it."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By lower-case names."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Time to let pass."""

    seconds: float


T = TypeVar("T")
Steps: TypeAlias = Generator[Request | Pause, Response | None, T]
"""A call under way, which ends in a `T`."""


def call(binding: Binding, name: str, /, **fields: Any) -> Steps[Any]:
    """Makes the call with this name, and returns the JSON of its answer."""
    return (yield from ask(request(binding, name, fields)))


def request(binding: Binding, name: str, fields: Mapping[str, Any]) -> Request:
    """The request of a call. Fields go into the path, then into the query or the body."""
    method, path = ENDPOINTS[name]
    given = {
        camel(field): value
        for field, value in fields.items()
        if value is not UNSET and (value is not None or field in NULLABLE)
    }
    for field in re.findall(r"{(\w+)}", path):
        token = given.pop(field)
        if not isinstance(token, str) or not token.strip():
            raise ClawflowError("not_found", 404, f"{field.capitalize()} not found.")
        path = path.replace(f"{{{field}}}", quote(token, safe=""))
    headers = {"Accept": "application/json", **binding.headers()}
    body = None
    if method == "GET":
        if given:
            path += "?" + query(given)
    else:
        headers["Content-Type"] = "application/json"
        body = json.dumps(given, separators=(",", ":"), allow_nan=False).encode()
    waits = max(given.get("timeoutMs", 0), given.get("waitMs", 0)) if name != "task.run" else 0
    return Request(
        method,
        path,
        headers,
        body,
        limits.CALL_TIMEOUT + waits / 1000,
        # An event key makes a message once, as an idempotency key makes a command once.
        repeatable=method == "GET" or "idempotencyKey" in given or "eventKey" in given,
    )


def query(fields: Mapping[str, Any]) -> str:
    """Fields as a query: lists are repeated, flags are words."""
    pairs = (
        (name, str(item).lower() if isinstance(item, bool) else str(item))
        for name, value in fields.items()
        for item in (value if isinstance(value, (list, tuple)) else (value,))
    )
    return urlencode([*pairs], quote_via=quote)


def ask(asked: Request) -> Steps[Any]:
    """Sends a request, again where that is safe, and returns the JSON of the answer."""
    for pause in (*limits.RETRY_PAUSES, None):
        try:
            response = yield asked
        except TransportError as failure:
            if pause is None or (failure.sent and not asked.repeatable):
                raise _unavailable(failure, asked) from failure
        else:
            # invariant: a driver answers a request with a response or throws.
            assert response is not None
            if 200 <= response.status < 300:
                return _json(response)
            error = problem(response.status, response.body)
            pause = _again(asked, response, error, pause)
            if pause is None:
                raise error
        yield Pause(pause)
    raise AssertionError("unreachable: the last pause is none")


def _again(
    asked: Request, response: Response, error: ClawflowError, pause: float | None
) -> float | None:
    """How long to wait before this request is sent again; nothing if it must not be."""
    if pause is None:
        return None
    if response.status == 429:
        # Refused before anything was done: safe for everything.
        given = response.headers.get("retry-after", "")
        wanted = float(given) if given.isdecimal() else pause
        return wanted if wanted <= limits.RETRY_AFTER_MAX else None
    return pause if error.code == "unavailable" and asked.repeatable else None


def _unavailable(failure: TransportError, asked: Request) -> ClawflowError:
    if not failure.sent:
        return ClawflowError("unavailable", 0, str(failure), "start one: clawflow gateway run")
    hint = None if asked.method == "GET" else "it may have been carried out: look before you repeat"
    return ClawflowError("unavailable", 0, str(failure), hint)


def _json(response: Response) -> Any:
    try:
        return json.loads(response.body)
    except ValueError as error:
        message = f"the answer is no JSON: {response.body[:80]!r}"
        raise ClawflowError("bad_answer", response.status, message) from error


def problem(status: int, body: bytes) -> ClawflowError:
    """The error that an answer of this status and body stands for."""
    try:
        raw = json.loads(body)
    except ValueError:
        raw = None
    if not isinstance(raw, dict) or not isinstance(raw.get("code"), str):
        text = body[:200].decode("utf-8", "replace").strip()
        return ClawflowError("bad_answer", status, f"HTTP {status} without a code: {text!r}")
    current = raw.get("current")
    return ClawflowError(
        raw["code"],
        status,
        str(raw.get("message") or raw.get("detail") or raw["code"]),
        raw.get("hint"),
        Flow.of(current) if isinstance(current, dict) else None,
        raw.get("candidates") or (),
        raw,
    )
