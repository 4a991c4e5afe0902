"""The event feed, without a transport."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clawflow import limits
from clawflow.binding import Binding
from clawflow.errors import ClawflowError, TransportError
from clawflow.feed import Feed, Lines

GONE = TransportError("gone", sent=True)


def event(seq: int) -> dict[str, Any]:
    return {
        "seq": seq,
        "subject": "flow_1",
        "number": seq,
        "ownerKey": "s",
        "at": 1,
        "kind": "flow.changed",
    }


def sent(*seqs: int) -> bytes:
    return b"".join(
        f"id: {seq}\nevent: flow.changed\ndata: {json.dumps(event(seq))}\n\n".encode()
        for seq in seqs
    )


def feed(**fields: Any) -> Feed:
    return Feed(Binding("s"), **fields)


def test_events_come_whole_however_the_bytes_come() -> None:
    data = b": hello\r\n\r\n" + sent(1, 2).replace(b"\n", b"\r\n") + sent(3)
    for size in (1, 2, 3, 7, len(data)):
        one = feed()
        parts = [data[at : at + size] for at in range(0, len(data), size)]
        assert [found.seq for part in parts for found in one.feed(part)] == [1, 2, 3]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_every_end_of_line(end: bytes) -> None:
    lines = Lines()
    data = end.join([b"a", b"", "ü".encode(), b""])
    found = [line for at in range(len(data)) for line in lines.feed(data[at : at + 1])]
    assert found == ["a", "", "ü"]


def test_it_goes_on_after_the_last_event() -> None:
    one = feed(flow_id="flow 1", last_id=4)
    assert one.request().target == "/v1/events/stream?flow=flow%201"
    assert one.request().headers["Last-Event-ID"] == "4"
    one.feed(sent(5) + b"id: 6\ndata: {")
    again = one.request()
    assert again.headers["Last-Event-ID"] == "5"
    # The half of an event that came before the break is no part of what comes after it.
    assert [found.seq for found in one.feed(sent(6))] == [6]


def test_nothing_is_given_twice() -> None:
    one = feed()
    assert [found.seq for found in one.feed(sent(1, 2, 2, 1, 3))] == [1, 2, 3]


def test_what_is_no_event_is_passed_over() -> None:
    one = feed()
    assert one.feed(b"event: hello\ndata: {}\n\n: comment\n\nretry: 5\n\nid: x\n\n") == []
    assert one.last_id is None


def test_a_place_without_an_event_is_one_to_go_on_from() -> None:
    one = feed()
    assert one.feed(b"retry: 5\nid: 7\n\n") == []
    assert one.request().headers["Last-Event-ID"] == "7"
    assert [found.seq for found in one.feed(sent(7, 8))] == [8]


def test_data_over_several_lines() -> None:
    text = json.dumps(event(1), indent=1).encode()
    lines = b"".join(b"data:" + line + b"\n" for line in text.split(b"\n"))
    assert [found.seq for found in feed().feed(b"id:1\n" + lines + b"\n")] == [1]


def test_an_event_that_is_no_json_is_a_bad_answer() -> None:
    with pytest.raises(ClawflowError, match="no JSON"):
        feed().feed(b"id: 1\ndata: {\n\n")


def test_a_line_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LINE_BYTES", 100)
    one = feed()
    one.feed(b"data: " + b"x" * 90)
    with pytest.raises(ClawflowError, match="a line of more than"):
        one.feed(b"x" * 10)


def test_a_refusal_is_final() -> None:
    with pytest.raises(ClawflowError) as caught:
        feed().opened(403, b'{"code": "forbidden", "message": "no"}')
    assert caught.value.code == "forbidden"


def test_a_gateway_that_was_never_there_is_soon_given_up() -> None:
    one = feed()
    for pause in limits.RETRY_PAUSES:
        one.lost(GONE)
        assert one.pause() == pause
    with pytest.raises(ClawflowError) as caught:
        one.lost(GONE)
    assert caught.value.hint == "start one: clawflow gateway run"


def test_a_gateway_that_was_there_is_waited_for() -> None:
    one = feed()
    one.opened(200, b"")
    for _ in range(20):
        one.lost(GONE)
    assert one.pause() == limits.STREAM_PAUSES[-1]
    one.opened(503, b'{"code": "unavailable", "message": "stopping"}')
    one.patience = -1
    with pytest.raises(ClawflowError) as caught:
        one.lost(GONE)
    assert caught.value.hint is None


def test_an_event_ends_the_waiting() -> None:
    one = feed()
    one.opened(200, b"")
    one.lost(GONE)
    one.opened(200, b"")
    one.feed(sent(1))
    assert one.pause() == 0.0
