"""What the methods send, and what they make of the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clawflow import UNSET, Person, Signal, TaskEnd, Timer, Usage
from clawflow.binding import Binding
from clawflow.calls import clawflow, deliveries, flows, managed, tasks
from clawflow.errors import ClawflowError
from clawflow.outcome import REFUSALS, Applied, Refused, TaskCreated, TaskRefused
from clawflow.waits import WaitFor
from script import FLOW, TASK, flow, ok, refused, run

ME = Binding("agent:main:main")


def test_left_out_null_and_value_are_three_things() -> None:
    def body(**fields: Any) -> Any:
        return run(managed.resume(ME, "f", expected_revision=3, **fields), ok(FLOW)).body

    assert body() == {"expectedRevision": 3}
    assert body(state_json=UNSET) == {"expectedRevision": 3}
    assert body(state_json=None, current_step=None) == {
        "expectedRevision": 3,
        "stateJson": None,
        "currentStep": None,
    }
    assert body(state_json={"a": [1]}, status="queued") == {
        "expectedRevision": 3,
        "stateJson": {"a": [1]},
        "status": "queued",
    }


@pytest.mark.parametrize(
    ("controller", "goal", "message"),
    [
        ("", "g", "Managed flow controllerId is required."),
        ("c", " ", "Managed flow goal is required."),
    ],
)
def test_blank_names_are_refused_before_anything_is_sent(
    controller: str, goal: str, message: str
) -> None:
    for create in (managed.create_managed, managed.try_create_managed):
        with pytest.raises(ValueError, match=message):
            run(create(ME, controller_id=controller, goal=goal))


def test_blank_outputs_and_updates_are_refused_before_anything_is_sent() -> None:
    for change in (clawflow.set_flow_output, clawflow.append_flow_output):
        with pytest.raises(ValueError, match=r"^Flow output key is required\.$"):
            run(change(ME, "f", " ", 1))
    with pytest.raises(ValueError, match=r"^Flow update content is required\.$"):
        run(clawflow.emit_flow_update(ME, "f", "\n"))


Move = Callable[..., Any]


@pytest.mark.parametrize(
    "move",
    [managed.set_waiting, managed.resume, managed.finish, managed.fail, managed.request_cancel],
)
@pytest.mark.parametrize("revision", [None, -1, "3", True])
def test_taskflow_names_need_a_revision(move: Move, revision: object) -> None:
    with pytest.raises(ValueError, match="expectedRevision is required"):
        run(move(ME, "f", expected_revision=revision))


@pytest.mark.parametrize(
    "move",
    [
        clawflow.set_flow_waiting,
        clawflow.resume_flow,
        clawflow.finish_flow,
        clawflow.fail_flow,
    ],
)
def test_clawflow_names_need_none(move: Move) -> None:
    done = run(move(ME, "f"), ok(FLOW))
    assert done.body == {}
    assert done.result == Applied(done.result.flow)


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_a_refusal_is_an_outcome(code: str) -> None:
    current = None if code == "not_found" else flow(revision=9)
    answer = refused(409, code, f"because of {code}", current=current)
    outcome = run(managed.finish(ME, "f", expected_revision=3), answer).result
    assert isinstance(outcome, Refused)
    assert (outcome.applied, outcome.code) == (False, code)
    if code == "not_found":
        assert outcome.current is None
    else:
        assert outcome.current is not None
        assert outcome.current.revision == 9
    with pytest.raises(ClawflowError, match=f"because of {code}") as caught:
        outcome.require()
    assert caught.value.status == 409


@pytest.mark.parametrize("code", ["bad_request", "forbidden", "unauthorized", "internal"])
def test_other_failures_are_raised(code: str) -> None:
    with pytest.raises(ClawflowError) as caught:
        run(managed.finish(ME, "f", expected_revision=3), refused(400, code))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("wait", "sent"),
    [
        (Timer(after_ms=5), {"kind": "timer", "afterMs": 5}),
        (Timer(due_at=0), {"kind": "timer", "dueAt": 0}),
        (Signal("mail"), {"kind": "event", "name": "mail"}),
        (Signal("mail", key="7"), {"kind": "event", "name": "mail", "key": "7"}),
        (Person("Send?"), {"kind": "person", "prompt": "Send?"}),
        (
            Person("Send?", preview="Dear …", input=True, approvers=("ann",)),
            {
                "kind": "person",
                "prompt": "Send?",
                "preview": "Dear …",
                "input": True,
                "approvers": ["ann"],
            },
        ),
        (TaskEnd("task_1"), {"kind": "task", "taskId": "task_1"}),
    ],
)
def test_typed_waits(wait: WaitFor, sent: dict[str, Any]) -> None:
    steps = managed.set_waiting(
        ME, "f", expected_revision=0, wait_for=wait, deadline_ms=10, on_deadline="fail"
    )
    done = run(steps, ok(flow(status="waiting", waitId="wait_1")))
    assert done.body == {
        "expectedRevision": 0,
        "waitFor": sent,
        "deadlineMs": 10,
        "onDeadline": "fail",
    }
    assert isinstance(done.result, Applied)
    assert done.result.wait_id == "wait_1"


def test_waiting_on_a_task_by_clawflows_name() -> None:
    done = run(clawflow.set_flow_waiting(ME, "f", waiting_on_task_id="task_1"), ok(FLOW))
    assert done.body == {"waitFor": {"kind": "task", "taskId": "task_1"}}


def test_a_child_is_launched() -> None:
    steps = managed.run_task(
        ME, "f", runtime="cli", task="classify", command=("./classify",), await_=True
    )
    done = run(steps, ok({"created": True, "found": True, "flow": FLOW, "task": TASK}))
    assert done.request.target == "/v1/flows/f/tasks"
    assert done.body == {
        "runtime": "cli",
        "task": "classify",
        "command": ["./classify"],
        "await": True,
    }
    assert isinstance(done.result, TaskCreated)
    assert done.result.require().task_id == "task_1"


@pytest.mark.parametrize(
    ("answer", "found", "reason"),
    [
        (
            ok({"created": False, "found": False, "code": "not_found", "reason": "r"}),
            False,
            "r",
        ),
        (
            ok({"created": False, "found": True, "code": "paused", "reason": "r", "flow": FLOW}),
            True,
            "r",
        ),
        (refused(404, "not_found", "flow not found: f"), False, "Flow not found."),
        (refused(400, "invalid", "that runtime cannot"), True, "that runtime cannot"),
    ],
)
def test_why_there_is_no_child(answer: Any, found: bool, reason: str) -> None:
    for start in (managed.run_task, clawflow.run_task_in_flow):
        outcome = run(start(ME, "f", runtime="acp", task="t"), answer).result
        assert isinstance(outcome, TaskRefused)
        assert (outcome.created, outcome.found, outcome.reason) == (False, found, reason)
        with pytest.raises(ClawflowError, match=reason):
            outcome.require()


def test_run_task_in_flow_awaits() -> None:
    answer = ok({"created": True, "found": True, "flow": FLOW, "task": TASK})
    done = run(clawflow.run_task_in_flow(ME, "f", runtime="acp", task="t", launch="queued"), answer)
    assert done.body == {"runtime": "acp", "task": "t", "await": True, "status": "queued"}


def test_create_says_what_could_not_be_stored() -> None:
    full = refused(503, "persist_failed", "disk is full")
    with pytest.raises(ClawflowError, match=r"^TaskFlow persistence failed\.") as caught:
        run(managed.create_managed(ME, controller_id="c", goal="g"), full)
    assert caught.value.code == "persist_failed"
    assert run(managed.try_create_managed(ME, controller_id="c", goal="g"), full).result is None
    steps = managed.try_create_managed(ME, controller_id="c", goal="g")
    with pytest.raises(ClawflowError, match="the key"):
        run(steps, refused(409, "key_conflict", "the key"))


def test_get_of_what_is_not_there() -> None:
    absent = refused(404, "not_found")
    assert run(managed.get(ME, "f"), absent).result is None
    assert run(managed.get_task_summary(ME, "f"), absent).result is None
    assert run(managed.find_latest(ME), ok({"flow": None})).result is None
    assert run(managed.resolve(ME, "t"), ok({})).result is None


def test_a_list_is_all_of_its_pages() -> None:
    def page(flow_id: str, after: str | None) -> Any:
        line = flow(flowId=flow_id, tasksActive=0, tasksTotal=0)
        return ok({"flows": [line], "counts": {}, "cancelRequested": 0, "next": after})

    done = run(managed.list_own(ME, status=["running", "waiting"]), page("a", "x"), page("b", None))
    assert [line.flow_id for line in done.result] == ["a", "b"]
    first, second = (request.target for request in done.requests)
    assert first == "/v1/flows?limit=500&status=running&status=waiting&all=true"
    assert second == "/v1/flows?limit=500&after=x&status=running&status=waiting&all=true"


@pytest.mark.parametrize(
    ("answer", "found", "cancelled", "reason"),
    [
        (refused(404, "not_found"), False, False, "Flow not found."),
        (
            refused(409, "terminal", current=flow(status="failed")),
            True,
            False,
            "Flow is already failed.",
        ),
        (refused(412, "revision_conflict", "changed", current=FLOW), True, False, "changed"),
        (ok(flow(status="cancelled")), True, True, None),
        (ok(FLOW), True, False, "One or more child tasks are still active."),
    ],
)
def test_how_far_a_cancel_came(
    answer: Any, found: bool, cancelled: bool, reason: str | None
) -> None:
    outcome = run(managed.cancel(ME, "f", reason="enough", wait_ms=5), answer).result
    assert (outcome.found, outcome.cancelled, outcome.reason) == (found, cancelled, reason)


def test_reports_about_a_child() -> None:
    usage = Usage(tokens=7, cost_usd=0.5)
    done = run(tasks.update_task(ME, "t", status="succeeded", usage=usage), ok(TASK))
    assert done.body == {"status": "succeeded", "usage": {"tokens": 7, "costUsd": 0.5}}
    assert done.result.applied
    outcome = run(tasks.update_task(ME, "t"), refused(409, "terminal", "it has ended")).result
    assert isinstance(outcome, Refused)
    assert outcome.code == "terminal"


def test_acknowledging_one_or_several() -> None:
    for ids in ("dlv_1", ["dlv_1"]):
        assert run(deliveries.ack(ME, ids), ok({"deliveries": []})).body == {"ids": ["dlv_1"]}


def test_signals_carry_null_as_null() -> None:
    taken = ok({"waits": [], "flows": [], "kept": True})
    assert run(flows.signal(ME, "n", payload=None), taken).body == {"name": "n", "payload": None}
    assert run(flows.signal(ME, "n"), taken).body == {"name": "n"}
