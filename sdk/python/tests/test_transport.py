"""Both transports, against a server that behaves and one that does not."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import clawflow
from clawflow import aio, limits
from fake import Fake, answer, fake, hang_up, raw
from script import FLOW, flow
from test_feed import sent

STATUS = {
    "version": "1",
    "pid": 1,
    "kind": "gateway",
    "home": "/h",
    "socket": "/s",
    "startedAt": 1,
    "epoch": 1,
    "running": 0,
    "flows": {},
}
Call = Callable[[Fake, str, tuple[Any, ...], dict[str, Any]], Any]


def blocking(state: Fake, name: str, *args: Any, times: int = 1, **kwargs: Any) -> Any:
    with clawflow.connect(**state.settings, token="t") as api:
        handle = api.bind_session("agent:a:b") if hasattr(clawflow.TaskFlow, name) else api
        return [getattr(handle, name)(*args, **kwargs) for _ in range(times)][-1]


def awaited(state: Fake, name: str, *args: Any, times: int = 1, **kwargs: Any) -> Any:
    async def main() -> Any:
        async with aio.connect(**state.settings, token="t") as api:
            handle = api.bind_session("agent:a:b") if hasattr(aio.TaskFlow, name) else api
            return [await getattr(handle, name)(*args, **kwargs) for _ in range(times)][-1]

    return asyncio.run(main())


both = pytest.mark.parametrize("call", [blocking, awaited])
everywhere = pytest.mark.parametrize("kind", ["unix", "tcp"])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RETRY_PAUSES", (0.001, 0.001, 0.001))
    monkeypatch.setattr(limits, "STREAM_PAUSES", (0.001,))


@both
@everywhere
def test_a_call_goes_out_and_comes_back(call: Any, kind: str, tmp_path: Path) -> None:
    with fake(kind, tmp_path, answer(FLOW)) as state:
        outcome = call(state, "finish", "flow_1", expected_revision=3, state_json={"ü": 1})
        assert outcome.flow.revision == 3
    (asked,) = state.asked
    assert (asked.method, asked.target) == ("POST", "/v1/flows/flow_1/finish")
    assert json.loads(asked.body) == {"expectedRevision": 3, "stateJson": {"ü": 1}}
    assert asked.headers["clawflow-session"] == "agent%3Aa%3Ab"
    assert asked.headers["authorization"] == "Bearer t"
    assert asked.headers["content-type"] == "application/json"
    expected = "clawflow" if kind == "unix" else state.settings["url"].removeprefix("http://")
    assert asked.headers["host"] == expected


@both
@everywhere
def test_a_connection_is_used_again(call: Any, kind: str, tmp_path: Path) -> None:
    with fake(kind, tmp_path, answer(STATUS)) as state:
        assert call(state, "status", times=5).pid == 1
    assert (state.connections, len(state.asked)) == (1, 5)


@both
def test_but_not_one_that_the_server_closes(call: Any, tmp_path: Path) -> None:
    for reply in (answer(STATUS, extra="Connection: close\r\n"), answer(STATUS, keep=False)):
        with fake("unix", tmp_path, reply) as state:
            call(state, "status", times=3)
        (tmp_path / "fake.sock").unlink()
        assert len(state.asked) == 3


@both
def test_chunks_are_put_together(call: Any, tmp_path: Path) -> None:
    body = json.dumps(STATUS).encode()
    parts = [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]
    parts += [b"%x;x=y\r\n%s\r\n" % (1, body[at : at + 1]) for at in range(len(body))]
    with fake("unix", tmp_path, raw(*parts, b"0\r\nTrailer: x\r\n\r\n")) as state:
        assert call(state, "status").home == "/h"


BROKEN = [
    hang_up,
    raw(b"HTTP/1.1 200 OK\r\nContent-Len"),
    raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"),
    raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    raw(b"SSH-2.0-OpenSSH\r\n\r\n"),
    raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (limits.HEAD_BYTES * 2)),
]


@both
@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_answer_is_asked_for_again(call: Any, broken: Any, tmp_path: Path) -> None:
    with fake("unix", tmp_path, broken, broken, answer(STATUS)) as state:
        assert call(state, "status").pid == 1
    assert len(state.asked) == 3


@both
@pytest.mark.parametrize("broken", BROKEN)
def test_but_a_command_is_not(call: Any, broken: Any, tmp_path: Path) -> None:
    with fake("unix", tmp_path, broken) as state:
        with pytest.raises(clawflow.ClawflowError) as caught:
            call(state, "finish", "f", expected_revision=0)
        assert caught.value.code == "unavailable"
        assert caught.value.hint == "it may have been carried out: look before you repeat"
    assert len(state.asked) == 1


@both
def test_nobody_there(call: Any, tmp_path: Path) -> None:
    state = Fake({"socket": str(tmp_path / "none.sock")})
    with pytest.raises(clawflow.ClawflowError, match="no gateway at") as caught:
        call(state, "status")
    assert caught.value.hint == "start one: clawflow gateway run"


@both
def test_an_answer_that_does_not_come(
    call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CALL_TIMEOUT", 0.05)
    over = threading.Event()

    def silent(*_: object) -> bool:
        over.wait(10)
        return False

    with fake("unix", tmp_path, silent) as state:
        with pytest.raises(clawflow.ClawflowError) as caught:
            call(state, "finish", "f", expected_revision=0)
        over.set()
    assert caught.value.code == "unavailable"


def test_threads_share_an_api(tmp_path: Path) -> None:
    with fake("unix", tmp_path, answer(STATUS)) as state, clawflow.connect(**state.settings) as api:
        pids: list[int] = []
        threads = [
            threading.Thread(target=lambda: pids.extend(api.status().pid for _ in range(50)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert pids == [1] * 400
    assert state.connections <= 8


def test_tasks_share_an_api(tmp_path: Path) -> None:
    async def main(state: Fake) -> list[int]:
        async with aio.connect(**state.settings) as api:
            statuses = await asyncio.gather(*[api.status() for _ in range(50)])
            return [status.pid for status in statuses]

    with fake("unix", tmp_path, answer(STATUS)) as state:
        assert asyncio.run(main(state)) == [1] * 50


def test_a_cancelled_call_leaves_no_answer_for_the_next(tmp_path: Path) -> None:
    over = threading.Event()

    def late(*_: object) -> bool:
        over.wait(10)
        return True

    async def main(state: Fake) -> int:
        async with aio.connect(**state.settings) as api:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await api.why("f")
            return (await api.status()).pid

    with fake("unix", tmp_path, late, answer(STATUS)) as state:
        assert asyncio.run(main(state)) == 1
        over.set()


STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def read_blocking(state: Fake, count: int) -> list[int]:
    with clawflow.connect(**state.settings) as api, api.events("flow_1", after=0) as events:
        return [event.seq for event in itertools.islice(events, count)]


def read_awaited(state: Fake, count: int) -> list[int]:
    async def main() -> list[int]:
        found = []
        async with aio.connect(**state.settings) as api, api.events("flow_1", after=0) as events:
            async for event in events:
                found.append(event.seq)
                if len(found) == count:
                    break
        assert events.last_event_id == found[-1]
        return found

    return asyncio.run(main())


@pytest.mark.parametrize("read", [read_blocking, read_awaited])
def test_a_feed_goes_on_where_it_broke(read: Any, tmp_path: Path) -> None:
    replies = [
        hang_up,
        raw(STREAM + b"Transfer-Encoding: chunked\r\n\r\n", chunk(sent(1, 2)), b"20\r\nid: 3\n"),
        answer({"code": "unavailable", "message": "stopping"}, status=503),
        raw(STREAM + b"\r\n", sent(2, 3)[:-5]),
        answer({"code": "rate_limited", "message": "slowly"}, status=429),
        raw(STREAM + b"\r\n", sent(3), sent(4)),
    ]
    with fake("unix", tmp_path, *replies) as state:
        assert read(state, 4) == [1, 2, 3, 4]
    places = [asked.headers["last-event-id"] for asked in state.asked]
    assert places[:6] == ["0", "0", "2", "2", "2", "2"]
    assert state.asked[0].target == "/v1/events/stream?flow=flow_1"


@pytest.mark.parametrize("read", [read_blocking, read_awaited])
def test_a_feed_that_is_refused_ends(read: Any, tmp_path: Path) -> None:
    reply = answer({"code": "not_found", "message": "no such flow"}, status=404)
    with (
        fake("unix", tmp_path, reply) as state,
        pytest.raises(clawflow.ClawflowError, match="no such flow"),
    ):
        read(state, 1)


def test_a_feed_that_is_closed_ends(tmp_path: Path) -> None:
    with fake("unix", tmp_path, raw(STREAM + b"\r\n", sent(1, 2))) as state:
        events = clawflow.connect(**state.settings).events()
        assert next(events).seq == 1
        events.close()
        assert [event.seq for event in events] == [2]


@both
def test_a_conflict_is_decided_again(call: Any, tmp_path: Path) -> None:
    conflict = {"code": "revision_conflict", "message": "changed", "current": flow(revision=4)}
    replies = [
        answer(flow(revision=3)),
        answer(conflict, status=412),
        answer(flow(revision=4)),
        answer(flow(revision=5)),
    ]
    seen: list[int] = []
    with fake("unix", tmp_path, *replies) as state:
        if call is blocking:
            with clawflow.connect(**state.settings) as api:
                handle = api.bind_session("s")

                def decide(found: clawflow.Flow) -> clawflow.Outcome:
                    seen.append(found.revision)
                    return handle.finish("f", expected_revision=found.revision)

                outcome = handle.with_conflict_retry("f", decide)
        else:

            async def main() -> clawflow.Outcome:
                async with aio.connect(**state.settings) as api:
                    handle = api.bind_session("s")

                    async def decide(found: clawflow.Flow) -> clawflow.Outcome:
                        seen.append(found.revision)
                        return await handle.finish("f", expected_revision=found.revision)

                    return await handle.with_conflict_retry("f", decide)

            outcome = asyncio.run(main())
    assert outcome.require().revision == 5
    assert seen == [3, 4]


def test_conflicts_end_somewhere(tmp_path: Path) -> None:
    state_then = [answer(FLOW)]
    with fake("unix", tmp_path, *state_then) as state, clawflow.connect(**state.settings) as api:
        handle = api.bind_session("s")
        refusal = clawflow.Refused("revision_conflict")
        outcome = handle.with_conflict_retry("f", lambda _: refusal, attempts=3)
        assert outcome is refusal
        assert len(state.asked) == 3
        assert handle.with_conflict_retry("f", lambda _: None) is None
