"""Retries, errors and limits of one call, without a transport."""

from __future__ import annotations

import pickle

import pytest

from clawflow import limits
from clawflow.binding import Binding
from clawflow.calls import clawflow, flows, following, gateway, managed
from clawflow.errors import ClawflowError, TransportError
from clawflow.exchange import Response
from script import FLOW, flow, ok, refused, run, view

ME = Binding("agent:main:main")
GONE = TransportError("gone", sent=True)
ABSENT = TransportError("nobody there", sent=False)
STOPPING = refused(503, "unavailable")
PAUSES = list(limits.RETRY_PAUSES)


@pytest.mark.parametrize("failure", [GONE, ABSENT, STOPPING])
def test_a_look_is_tried_again(failure: Response | TransportError) -> None:
    done = run(managed.get(ME, "flow_1"), failure, failure, ok(FLOW))
    assert done.pauses == PAUSES[:2]
    assert done.result is not None
    assert done.result.revision == 3


def test_tries_are_bounded() -> None:
    with pytest.raises(ClawflowError) as caught:
        run(managed.get(ME, "f"), *[GONE] * (len(PAUSES) + 1))
    assert (caught.value.code, caught.value.status) == ("unavailable", 0)


@pytest.mark.parametrize("failure", [GONE, STOPPING])
def test_a_command_that_may_have_been_carried_out_is_not_sent_again(
    failure: Response | TransportError,
) -> None:
    with pytest.raises(ClawflowError) as caught:
        run(managed.create_managed(ME, controller_id="c", goal="g"), failure)
    assert caught.value.code == "unavailable"


def test_a_command_that_was_not_sent_is_sent_again() -> None:
    done = run(managed.create_managed(ME, controller_id="c", goal="g"), ABSENT, ok(FLOW))
    assert done.result.flow_id == "flow_1"


@pytest.mark.parametrize("failure", [GONE, STOPPING])
def test_a_command_with_an_idempotency_key_is_sent_again(
    failure: Response | TransportError,
) -> None:
    steps = managed.create_managed(ME, controller_id="c", goal="g", idempotency_key="k")
    done = run(steps, failure, ok(FLOW))
    assert [request.body for request in done.requests] == [done.requests[0].body] * 2


def test_an_event_key_is_enough_to_send_a_message_again() -> None:
    answer = ok({"flow": FLOW, "delivery": "session_queued", "deliveryIds": ["dlv_1"]})
    done = run(clawflow.emit_flow_update(ME, "f", "hello", event_key="e"), GONE, answer)
    assert done.result.delivery_ids == ["dlv_1"]


def test_too_many_requests_are_sent_later() -> None:
    busy = Response(429, {"retry-after": "7"}, b'{"code": "rate_limited", "message": "slowly"}')
    done = run(flows.pause(ME, "f"), busy, ok(FLOW))
    assert done.pauses == [7.0]


def test_but_not_at_any_price() -> None:
    busy = Response(429, {"retry-after": "3600"}, b'{"code": "rate_limited", "message": "slowly"}')
    with pytest.raises(ClawflowError, match="slowly"):
        run(flows.pause(ME, "f"), busy)


def test_an_error_has_all_that_the_answer_has() -> None:
    current = flow(status="failed")
    answer = refused(
        409, "ambiguous", "which one", hint="say more", current=current, candidates=["a"]
    )
    with pytest.raises(ClawflowError) as caught:
        run(flows.retry(ME, "f"), answer)
    error = caught.value
    assert (error.code, error.status, error.message, error.hint) == (
        "ambiguous",
        409,
        "which one",
        "say more",
    )
    assert error.current is not None
    assert error.current.status == "failed"
    assert error.candidates == ("a",)
    assert str(error) == "which one\nhint: say more"
    again = pickle.loads(pickle.dumps(error))
    assert (again.code, again.current) == (error.code, error.current)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": 1}', b"\xff"])
def test_an_answer_of_somebody_else_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(ClawflowError) as caught:
        run(gateway.status(ME), Response(502, {}, body))
    assert (caught.value.code, caught.value.status) == ("bad_answer", 502)


def test_a_good_answer_that_is_no_json_is_a_bad_answer() -> None:
    with pytest.raises(ClawflowError, match="no JSON"):
        run(gateway.status(ME), Response(200, {}, b"ok\n"))


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_id_is_not_found_and_not_asked_for(blank: str) -> None:
    assert run(managed.get(ME, blank)).result is None
    outcome = run(managed.finish(ME, blank, expected_revision=0)).result
    assert not outcome.applied
    assert outcome.code == "not_found"


def test_an_id_cannot_leave_its_place_in_the_path() -> None:
    done = run(managed.get(ME, "../a?b#c d%"), ok(FLOW))
    assert done.request.target == "/v1/flows/..%2Fa%3Fb%23c%20d%25/record"


def test_a_wait_prolongs_the_timeout() -> None:
    done = run(flows.news(ME, "f", timeout_ms=60_000), ok({"events": [], "view": view()}))
    assert done.request.timeout == limits.CALL_TIMEOUT + 60


def test_numbers_that_json_has_not_are_refused() -> None:
    steps = managed.finish(ME, "f", expected_revision=0, state_json=float("nan"))
    with pytest.raises(ValueError, match="JSON"):
        run(steps)


def test_waiting_goes_on_until_the_flow_is_there() -> None:
    def news(**fields: object) -> Response:
        return ok({"events": [], "view": view(**fields)})

    done = run(
        following.wait_for_flow(ME, "f"),
        news(lastEvent=4),
        news(lastEvent=9),
        news(lastEvent=12, status="succeeded"),
    )
    assert done.result.status == "succeeded"
    asked = [request.target.partition("?")[2] for request in done.requests]
    assert asked == [
        "afterEvent=0&timeoutMs=0&untilEnded=false",
        "afterEvent=4&timeoutMs=25000&untilEnded=true",
        "afterEvent=9&timeoutMs=25000&untilEnded=true",
    ]


def test_waiting_bears_a_gateway_that_is_away_for_a_while() -> None:
    away = [GONE] * (len(PAUSES) + 1)
    there = ok({"events": [], "view": view(status="failed")})
    done = run(following.wait_for_flow(ME, "f"), *away, there)
    assert done.result.status == "failed"


def test_but_no_longer_than_its_patience() -> None:
    away = [GONE] * (len(PAUSES) + 1)
    with pytest.raises(ClawflowError) as caught:
        run(following.wait_for_flow(ME, "f", patience=-1), *away)
    assert caught.value.code == "unavailable"


def test_waiting_ends_with_its_time() -> None:
    with pytest.raises(TimeoutError):
        run(following.wait_for_flow(ME, "f", timeout=0), ok({"events": [], "view": view()}))


def test_waiting_for_what_is_not_there_fails() -> None:
    with pytest.raises(ClawflowError) as caught:
        run(following.wait_for_flow(ME, "f"), refused(404, "not_found"))
    assert caught.value.code == "not_found"
