"""JSON into records."""

from __future__ import annotations

import pytest

from clawflow import ClawflowError, Flow, FlowLine, Step, Task
from script import FLOW, TASK, flow


def test_null_and_absent_are_told_apart_by_raw() -> None:
    null, absent = Flow.of(flow(waitJson=None)), Flow.of(FLOW)
    assert null.wait_json is None
    assert absent.wait_json is None
    assert "waitJson" in null.raw
    assert "waitJson" not in absent.raw


def test_what_a_newer_gateway_adds_is_kept_in_raw() -> None:
    made = Flow.of(flow(status="dreaming", novelty=[1]))
    assert str(made.status) == "dreaming"
    assert made.raw["novelty"] == [1]


def test_records_within_records() -> None:
    task = Task.of({**TASK, "exit": {"code": 3}, "usage": {"costUsd": 1}})
    assert task.exit is not None
    assert task.exit.code == 3
    assert task.exit.signal is None
    assert task.usage is not None
    assert task.usage.cost_usd == 1.0
    assert task.requester_origin is None


def test_a_name_that_is_a_keyword() -> None:
    step = {"flowId": "f", "stepId": "s", "position": 0, "version": 1, "status": "pending"}
    assert Step.of({**step, "attempt": 0, "finally": True}).finally_


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "FlowLine has no flowId"),
        ({**FLOW, "tasksActive": 0}, "FlowLine has no tasksTotal"),
        (
            flow(tasksActive=0, tasksTotal=0, revision="3"),
            "revision is not of type int",
        ),
        (flow(tasksActive=0, tasksTotal=0, revision=True), "FlowLine.revision is not of type int"),
        (flow(tasksActive=0, tasksTotal=0, labels=[]), "FlowLine.labels is not of type dict"),
        ([], "FlowLine is not an object"),
    ],
)
def test_what_does_not_fit_is_a_bad_answer(wrong: object, message: str) -> None:
    with pytest.raises(ClawflowError) as caught:
        FlowLine.of(wrong)
    assert caught.value.code == "bad_answer"
    assert message in str(caught.value)


def test_whether_a_flow_has_ended() -> None:
    assert not Flow.of(flow(status="blocked")).ended
    assert Flow.of(flow(status="blocked", endedAt=5)).ended
    assert Flow.of(flow(status="lost")).ended
    assert not Flow.of(flow(status="waiting")).ended
