"""Drives a call without a transport: what it asks is noted, what it is answered is given."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

from clawflow.errors import TransportError
from clawflow.exchange import Pause, Request, Response, Steps

T = TypeVar("T")

FLOW: dict[str, Any] = {
    "flowId": "flow_1",
    "syncMode": "managed",
    "ownerKey": "agent:main:main",
    "controllerId": "tests/script",
    "revision": 3,
    "status": "running",
    "notifyPolicy": "done_only",
    "goal": "see what comes",
    "outputs": {},
    "createdAt": 1,
    "updatedAt": 2,
}
TASK: dict[str, Any] = {
    "taskId": "task_1",
    "version": 1,
    "runtime": "acp",
    "ownerKey": "agent:main:main",
    "scopeKind": "session",
    "attempt": 1,
    "fence": 1,
    "task": "look",
    "status": "running",
    "deliveryStatus": "not_applicable",
    "notifyPolicy": "silent",
    "createdAt": 1,
    "lastEventAt": 1,
}
SUMMARY: dict[str, Any] = {
    "total": 0,
    "active": 0,
    "terminal": 0,
    "failures": 0,
    "byStatus": {},
}


def flow(**fields: Any) -> dict[str, Any]:
    return {**FLOW, **fields}


def view(**fields: Any) -> dict[str, Any]:
    rest = {"steps": [], "waits": [], "tasks": [], "taskSummary": SUMMARY, "lastEvent": 1}
    return {**FLOW, **rest, **fields}


def ok(value: Any) -> Response:
    return Response(200, {}, json.dumps(value).encode())


def refused(status: int, code: str, message: str = "no", **fields: Any) -> Response:
    body = {"status": status, "code": code, "message": message, **fields}
    return Response(status, {}, json.dumps(body).encode())


@dataclass
class Run(Generic[T]):
    """What a call came to."""

    result: T
    requests: list[Request] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    @property
    def request(self) -> Request:
        (only,) = self.requests
        return only

    @property
    def body(self) -> Any:
        return json.loads(self.request.body or b"null")

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.request.target).query, keep_blank_values=True)


def run(steps: Steps[T], *answers: Response | TransportError) -> Run[T]:
    """Answers the requests one by one; there must be as many as answers."""
    left = iter(answers)
    requests, pauses = [], []
    try:
        step = next(steps)
        while True:
            if isinstance(step, Pause):
                pauses.append(step.seconds)
                step = steps.send(None)
                continue
            requests.append(step)
            answer = next(left, None)
            assert answer is not None, f"nothing left to answer {step}"
            step = steps.throw(answer) if isinstance(answer, TransportError) else steps.send(answer)
    except StopIteration as done:
        _none(left)
        return Run(done.value, requests, pauses)


def _none(left: Iterable[object]) -> None:
    assert not [*left], "answers were left"
