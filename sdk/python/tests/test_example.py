"""The controller in `examples/python-controller`, killed wherever it can be."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import clawflow
from conftest import Gateway

ROOT = Path(__file__).resolve().parents[3]
CONTROLLER = ROOT / "examples/python-controller/controller.py"
KILLED = Path(__file__).with_name("killed.py")
SESSION = "agent:test:triage"
TIME = 60.0
STATE = {
    "businessThreads": [
        "Invoice 4711 is due on Friday",
        "Contract, second draft",
        "Meeting moved to 10:30",
    ],
    "personalItems": ["dinner on Saturday?", "photos from the lake"],
    "eodSummary": ["7 things you did not know"],
}


@contextmanager
def controller(
    gateway: Gateway, key: str, *before: str, arguments: tuple[str, ...] = ()
) -> Iterator[subprocess.Popen[str]]:
    source = str(ROOT / "sdk/python/src")
    command = [sys.executable, *before, str(CONTROLLER), "--key", key, "--session", SESSION]
    process = subprocess.Popen(
        [*command, *arguments],
        env={**gateway.env, "PYTHONPATH": source},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        with process:
            yield process
    finally:
        process.kill()


def answer(flows: clawflow.TaskFlow, key: str, approve: bool = True) -> None:
    """Answers as soon as the flow asks."""
    asking = flows.wait_for_flow(
        key, until=lambda flow: any(wait.kind == "approval" for wait in flow.waits), timeout=TIME
    )
    (wait,) = (wait for wait in asking.waits if wait.kind == "approval")
    assert wait.preview == "3 business, 2 personal, 1 for later"
    flows.answer(key, by="ann", wait_id=wait.wait_id, approve=approve)


def check(flows: clawflow.TaskFlow, key: str, filed: bool = True) -> None:
    """Everything was done, and once."""
    view = flows.show(key)
    assert view.status == "succeeded"
    assert view.state_json == {**STATE, "filed": filed, "by": "ann"}
    assert [task.status for task in view.tasks] == ["succeeded"]
    assert [wait.kind for wait in view.waits] == ["task", "approval"]
    # Child, woken, asked, resumed, finished.
    assert view.revision == 5
    about = flows.deliveries(flow_id=view.flow_id).deliveries
    assert sorted(message.kind for message in about) == ["flow.ended", "flow.update"]
    assert len([line for line in flows.list() if line.key == key]) == 1


@pytest.fixture
def flows(api: clawflow.Api) -> clawflow.TaskFlow:
    return api.bind_session(SESSION)


@pytest.mark.parametrize("approve", [True, False])
def test_its_whole_life(shared_gateway: Gateway, flows: clawflow.TaskFlow, approve: bool) -> None:
    key = f"whole-{approve}"
    with controller(shared_gateway, key) as process:
        wait_until_there(flows, key)
        answer(flows, key, approve)
        out, err = process.communicate(timeout=TIME)
    assert process.returncode == 0, err
    assert out.endswith(" succeeded\n")
    check(flows, key, approve)
    (message,) = (
        one for one in flows.inbox(limit=1000).deliveries if one.content.startswith("Inbox")
    )
    verdict = "filed" if approve else "left alone"
    assert message.content == f"Inbox {verdict} (ann): 3 business, 2 personal, 1 for later"
    flows.ack([message.delivery_id])


def wait_until_there(flows: clawflow.TaskFlow, key: str) -> None:
    deadline = time.monotonic() + TIME
    while flows.get(key) is None:
        assert time.monotonic() < deadline, "the controller has made no flow"
        time.sleep(0.01)


def test_killed_at_each_of_its_requests(shared_gateway: Gateway, flows: clawflow.TaskFlow) -> None:
    killed, number = 0, 0
    while True:
        number += 1
        ends = [
            killed_once(shared_gateway, flows, number, moment) for moment in ("before", "after")
        ]
        killed += sum(ends)
        if not any(ends):
            break
    # At least: get, create, child, wait, tasks, logs, ask, wait, resume, emit, finish.
    assert killed >= 2 * 11


def killed_once(gateway: Gateway, flows: clawflow.TaskFlow, number: int, moment: str) -> bool:
    """Kills it at this request, starts it again, and sees it through; whether it was killed."""
    key = f"killed-{number}-{moment}"
    with controller(gateway, key, str(KILLED), str(number), moment) as process:
        asked = False
        while process.poll() is None and not asked:
            if flows.get(key) is None:
                time.sleep(0.01)
            elif asked := bool(flows.news(key, after_event=10**6, timeout_ms=20).view.waits[1:]):
                answer(flows, key)
        _, err = process.communicate(timeout=TIME)
    assert process.returncode in (0, -signal.SIGKILL), err
    with controller(gateway, key) as again:
        wait_until_there(flows, key)
        answer(flows, key)
        _, err = again.communicate(timeout=TIME)
    assert again.returncode == 0, err
    check(flows, key)
    return process.returncode != 0


def test_two_at_once_do_it_once(shared_gateway: Gateway, flows: clawflow.TaskFlow) -> None:
    key = "twice"
    with controller(shared_gateway, key) as one, controller(shared_gateway, key) as two:
        wait_until_there(flows, key)
        answer(flows, key)
        for process in (one, two):
            _, err = process.communicate(timeout=TIME)
            assert process.returncode == 0, err
    check(flows, key)


def test_a_gateway_that_is_killed_while_it_waits(gateway: Gateway) -> None:
    gateway.start()
    with clawflow.connect(gateway.socket) as api:
        flows = api.bind_session(SESSION)
        with controller(gateway, "k") as process:
            wait_until_there(flows, "k")
            flows.wait_for_flow("k", until=lambda flow: flow.current_step == "review", timeout=TIME)
            gateway.kill()
            gateway.start()
            answer(flows, "k")
            _, err = process.communicate(timeout=TIME)
        assert process.returncode == 0, err
        check(flows, "k")


def test_a_cancel_ends_it(shared_gateway: Gateway, flows: clawflow.TaskFlow) -> None:
    key = "cancelled"
    with controller(shared_gateway, key) as process:
        wait_until_there(flows, key)
        flows.wait_for_flow(key, until=lambda flow: flow.current_step == "review", timeout=TIME)
        assert flows.cancel(key).cancelled
        out, _ = process.communicate(timeout=TIME)
    assert (process.returncode, out.split()[1]) == (1, "cancelled")


def test_a_classifier_that_fails_fails_the_flow(
    shared_gateway: Gateway, flows: clawflow.TaskFlow, tmp_path: Path
) -> None:
    (tmp_path / "bad.txt").write_bytes(b"\xff")
    with controller(shared_gateway, "failing", arguments=("--inbox", str(tmp_path))) as process:
        process.communicate(timeout=TIME)
    assert process.returncode == 1
    view = flows.show("failing")
    assert (view.status, view.error) == ("failed", "classify: failed")
