"""Against the real gateway."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import clawflow
from clawflow import aio
from conftest import Gateway

NOW = 1_700_000_000_000
ORIGIN = {"channel": "slack", "to": "#büro", "accountId": "acme", "threadId": "17.5"}


def make(flows: clawflow.TaskFlow, **fields: object) -> clawflow.Flow:
    given = {"controller_id": "tests/gateway", "goal": "see whether it holds", **fields}
    return flows.create_managed(**given)  # type: ignore[arg-type]


def test_the_first_example(flows: clawflow.TaskFlow) -> None:
    created = make(
        flows,
        current_step="classify",
        state_json={"businessThreads": [], "personalItems": [], "eodSummary": []},
    )
    assert (created.revision, created.status) == (0, "queued")
    child = flows.run_task(
        created.flow_id,
        runtime="cli",
        run_id="inbox-classify-1",
        task="Classify inbox messages",
        command=["sh", "-c", "echo classified"],
    )
    assert child.created
    view = flows.wait_for_flow(created.flow_id, until=lambda flow: flow.tasks[0].ended, timeout=30)
    assert view.tasks[0].status == "succeeded"
    assert flows.logs(child.task.task_id).text == "classified\n"
    again = flows.run_task(
        created.flow_id, runtime="cli", run_id="inbox-classify-1", task="t", command=["false"]
    )
    assert again.require().task_id == child.task.task_id
    summary = flows.get_task_summary(created.flow_id)
    assert summary is not None
    assert (summary.total, summary.active, summary.by_status["succeeded"]) == (1, 0, 1)


def test_a_child_that_its_caller_runs(flows: clawflow.TaskFlow) -> None:
    flow = make(flows)
    child = flows.run_task(
        flow.flow_id,
        runtime="acp",
        child_session_key="agent:main:subagent:classifier",
        run_id="inbox-classify-1",
        task="Classify inbox messages",
        status="running",
        started_at=NOW,
        last_event_at=NOW,
    ).require()
    assert child.reported
    update = flows.update_task(child.task_id, progress_summary="half of it", last_event_at=NOW + 1)
    assert update.require().progress_summary == "half of it"
    usage = clawflow.Usage(tokens=9, cost_usd=0.25)
    ended = flows.update_task(child.task_id, status="failed", error="no more mail", usage=usage)
    task = ended.require()
    assert (task.status, task.error) == ("failed", "no more mail")
    assert task.usage is not None
    assert task.usage.cost_usd == 0.25
    late = flows.update_task(child.task_id, status="succeeded")
    assert not late.applied
    assert late.code == "terminal"


def test_null_absent_and_value_survive(flows: clawflow.TaskFlow) -> None:
    flow = make(flows, wait_json=None)
    assert "stateJson" not in flow.raw
    assert flow.raw["waitJson"] is None
    parked = flows.set_waiting(flow.flow_id, expected_revision=0, state_json=None).require()
    assert parked.raw["stateJson"] is None
    value = {"deep": [1, None, {"ü": "☃"}], "number": 0.5}
    on = flows.resume(flow.flow_id, expected_revision=1, state_json=value).require()
    assert on.state_json == value


def test_refusals(flows: clawflow.TaskFlow) -> None:
    flow = make(flows)
    conflict = flows.finish(flow.flow_id, expected_revision=7)
    assert not conflict.applied
    assert conflict.code == "revision_conflict"
    assert conflict.current is not None
    assert conflict.current.revision == 0
    assert flows.finish(flow.flow_id, expected_revision=0).applied
    over = flows.fail_flow(flow.flow_id, error="late")
    assert not over.applied
    assert over.code == "terminal"
    child = flows.run_task(flow.flow_id, runtime="acp", task="t")
    assert not child.created
    assert (child.found, child.code, child.reason) == (
        True,
        "terminal",
        "Flow is already succeeded.",
    )
    with pytest.raises(clawflow.ClawflowError, match="already"):
        over.require()


def test_what_is_another_sessions_is_not_there(api: clawflow.Api, flows: clawflow.TaskFlow) -> None:
    flow = make(flows)
    stranger = api.bind_session("agent:stranger:main")
    assert stranger.get(flow.flow_id) is None
    assert stranger.get_task_summary(flow.flow_id) is None
    assert stranger.resolve(flow.flow_id) is None
    assert flow.flow_id not in {line.flow_id for line in stranger.list()}
    foreign = stranger.finish(flow.flow_id, expected_revision=0)
    absent = stranger.finish("flow_" + "0" * 26, expected_revision=0)
    assert isinstance(foreign, clawflow.Refused)
    assert isinstance(absent, clawflow.Refused)
    assert (foreign.code, foreign.current) == ("not_found", None)
    assert foreign.message.replace(flow.flow_id, "") == absent.message.replace(
        "flow_" + "0" * 26, ""
    )
    outcome = stranger.cancel(flow.flow_id)
    assert (outcome.found, outcome.reason) == (False, "Flow not found.")
    child = stranger.run_task(flow.flow_id, runtime="acp", task="t")
    assert isinstance(child, clawflow.TaskRefused)
    assert (child.found, child.reason) == (False, "Flow not found.")


def test_finding_flows(flows: clawflow.TaskFlow) -> None:
    assert flows.find_latest() is None
    first, second = make(flows, key="first"), make(flows)
    assert flows.finish(second.flow_id, expected_revision=0).applied
    assert [line.flow_id for line in flows.list()] == [second.flow_id, first.flow_id]
    assert [line.flow_id for line in flows.list(status=["queued"])] == [first.flow_id]
    latest = flows.find_latest()
    assert latest is not None
    assert latest.flow_id == second.flow_id
    for token in (first.flow_id, "first", flows.session_key):
        found = flows.resolve(token)
        assert found is not None
        assert found.flow_id == first.flow_id
    assert flows.resolve("nothing") is None


def test_keys_and_idempotency(flows: clawflow.TaskFlow) -> None:
    first = make(flows, key="daily", idempotency_key="i1")
    assert make(flows, key="daily", idempotency_key="i1").flow_id == first.flow_id
    assert make(flows, key="daily", join=True).flow_id == first.flow_id
    for fields in ({"key": "daily"}, {"goal": "another", "idempotency_key": "i1"}):
        with pytest.raises(clawflow.ClawflowError) as caught:
            make(flows, **fields)
        assert (caught.value.code, caught.value.status) == ("key_conflict", 409)


def test_clawflows_names(flows: clawflow.TaskFlow) -> None:
    flow = flows.create_flow(goal="write it up")
    outcome = flows.run_task_in_flow(flow.flow_id, runtime="acp", task="write")
    child = outcome.require()
    assert isinstance(outcome, clawflow.TaskCreated)
    assert (outcome.flow.status, outcome.flow.current_step) == ("waiting", "wait_for_task")
    flows.update_task(child.task_id, status="succeeded").require()
    view = flows.wait_for_flow(
        flow.flow_id, until=lambda flow: flow.status == "running", timeout=30
    )
    assert view.waits[0].answer["status"] == "succeeded"
    assert flows.set_flow_output(flow.flow_id, "title", "T").applied
    assert flows.append_flow_output(flow.flow_id, "parts", 1).applied
    assert flows.append_flow_output(flow.flow_id, "parts", 2).require().outputs == {
        "title": "T",
        "parts": [1, 2],
    }
    refused = flows.append_flow_output(flow.flow_id, "title", 1)
    assert not refused.applied
    assert flows.set_flow_waiting(flow.flow_id, current_step="rest").applied
    assert flows.resume_flow(flow.flow_id).applied
    assert flows.finish_flow(flow.flow_id).require().status == "succeeded"
    assert flows.fail_flow(flows.create_flow(goal="g").flow_id, error="e").require().error == "e"


def test_typed_waits_wake_the_flow(flows: clawflow.TaskFlow) -> None:
    flow = make(flows)

    def wait(wait_for: clawflow.WaitFor, **fields: object) -> clawflow.Applied:
        outcome = flows.set_flow_waiting(flow.flow_id, wait_for=wait_for, **fields)  # type: ignore[arg-type]
        assert isinstance(outcome, clawflow.Applied)
        assert outcome.wait_id is not None
        return outcome

    def woken(wait_id: str | None) -> clawflow.Wait:
        view = flows.wait_for_flow(
            flow.flow_id, until=lambda flow: flow.status == "running", timeout=30
        )
        (found,) = (wait for wait in view.waits if wait.wait_id == wait_id)
        return found

    made = wait(clawflow.Timer(after_ms=30))
    assert woken(made.wait_id).kind == "timer"

    made = wait(clawflow.Signal("mail", key="7"))
    taken = flows.signal("mail", key="7", payload={"from": "ann"})
    assert (taken.waits, taken.kept) == ([made.wait_id], False)
    assert woken(made.wait_id).answer is not None

    made = wait(clawflow.Person("How many?", input=True), deadline_ms=60_000, on_deadline="fail")
    answered = flows.answer(flow.flow_id, by="ann", wait_id=made.wait_id, response={"count": 3})
    assert answered.applied
    assert woken(made.wait_id).answered_by == "ann"
    again = flows.answer(flow.flow_id, by="bob", wait_id=made.wait_id, response={"count": 4})
    assert not again.applied
    assert again.wait.answered_by == "ann"

    child = flows.run_task(flow.flow_id, runtime="external", task="t").require()
    made = wait(clawflow.TaskEnd(child.task_id))
    flows.update_task(child.task_id, status="succeeded").require()
    assert woken(made.wait_id).answer["taskId"] == child.task_id


def test_a_deadline_fails_the_flow(flows: clawflow.TaskFlow) -> None:
    flow = make(flows)
    flows.set_flow_waiting(
        flow.flow_id, wait_for=clawflow.Signal("never"), deadline_ms=20, on_deadline="fail"
    ).require()
    view = flows.wait_for_flow(flow.flow_id, timeout=30)
    assert (view.status, view.error) == ("failed", "its deadline has passed")


def test_cancel_stops_a_child(flows: clawflow.TaskFlow) -> None:
    flow = make(flows)
    child = flows.run_task(
        flow.flow_id, runtime="cli", task="t", command=["sleep", "600"]
    ).require()
    outcome = flows.cancel(flow.flow_id, reason="enough")
    assert (outcome.found, outcome.cancelled, outcome.status) == (True, True, "cancelled")
    assert flows.get_task(child.task_id).status == "cancelled"
    again = flows.cancel(flow.flow_id)
    assert (again.found, again.cancelled) == (True, False)
    assert again.reason == "Flow is already cancelled."


def test_request_cancel_pause_and_purge(api: clawflow.Api, flows: clawflow.TaskFlow) -> None:
    flow = make(flows)
    assert flows.pause(flow.flow_id, reason="wait").require().paused_at is not None
    refused = flows.run_task(flow.flow_id, runtime="acp", task="t")
    assert isinstance(refused, clawflow.TaskRefused)
    assert refused.code == "paused"
    unpaused = flows.unpause(flow.flow_id).require()
    asked = flows.request_cancel(
        flow.flow_id, expected_revision=unpaused.revision, reason="why", state_json=[1]
    ).require()
    assert (asked.cancel_reason, asked.state_json) == ("why", [1])
    assert flows.wait_for_flow(flow.flow_id, timeout=30).status == "cancelled"
    assert api.purge(flow.flow_id, dry_run=True) == [flow.flow_id]
    assert api.purge(flow.flow_id) == [flow.flow_id]
    assert flows.get(flow.flow_id) is None
    assert api.purge_tasks(label="nobody has this one") == []


def test_messages_carry_the_origin_whole(api: clawflow.Api) -> None:
    flows = api.bind_session("agent:test:origin", ORIGIN)
    flow = make(flows)
    assert flow.raw["requesterOrigin"] == ORIGIN
    sent = flows.emit_flow_update(flow.flow_id, "half of it", event_key="half")
    assert sent.delivery == "session_queued"
    twice = flows.emit_flow_update(flow.flow_id, "half of it", event_key="half")
    assert twice.delivery_ids == []
    assert flows.finish_flow(flow.flow_id).applied
    page = flows.inbox()
    assert [message.kind for message in page.deliveries] == ["flow.update", "flow.ended"]
    assert all(message.raw["requesterOrigin"] == ORIGIN for message in page.deliveries)
    ids = [message.delivery_id for message in page.deliveries]
    assert {message.state for message in flows.ack(ids, by="tests")} == {"acknowledged"}
    assert flows.inbox().deliveries == []
    assert len(flows.inbox(all=True).deliveries) == 2
    assert len(flows.deliveries(flow_id=flow.flow_id, state=["acknowledged"]).deliveries) == 2


def test_an_inbox_can_be_waited_for(api: clawflow.Api) -> None:
    flows = api.bind_session("agent:test:inbox-wait")
    flow = make(flows)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(flows.inbox, timeout_ms=30_000)
        flows.emit_flow_update(flow.flow_id, "hello")
        (first,) = waiting.result().deliveries
        assert first.content == "hello"
        # One that is sent again comes again after the last place that was seen.
        waiting = pool.submit(flows.inbox, after=str(first.place), timeout_ms=30_000)
        flows.redeliver(first.delivery_id)
        (again,) = waiting.result().deliveries
        assert again.delivery_id == first.delivery_id
        assert first.place is not None
        assert again.place is not None
        assert again.place > first.place


def test_two_controllers_lose_no_update(api: clawflow.Api, flows: clawflow.TaskFlow) -> None:
    each = 100
    flow = make(flows, state_json={"a": 0, "b": 0})

    def drive(name: str) -> None:
        for _ in range(each):

            def decide(now: clawflow.Flow) -> clawflow.Outcome:
                state = {**now.state_json, name: now.state_json[name] + 1}
                return flows.set_waiting(
                    flow.flow_id, expected_revision=now.revision, state_json=state
                )

            flows.with_conflict_retry(flow.flow_id, decide).require()

    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(drive, "a"), pool.submit(drive, "b")]:
            done.result()
    end = flows.get(flow.flow_id)
    assert end is not None
    assert (end.revision, end.state_json) == (2 * each, {"a": each, "b": each})


def test_every_call_of_the_operator(api: clawflow.Api, flows: clawflow.TaskFlow) -> None:
    assert api.status().kind == "gateway"
    flow = api.run(source="steps:\n  - id: a\n    run: echo hi\n", file="t.yaml", cwd="/tmp")
    ended = api.wait_for_flow(flow.flow_id, timeout=60)
    assert ended.status == "succeeded"
    assert ended.steps[0].result is not None
    assert ended.steps[0].result.stdout == "hi\n"
    assert api.source(flow.flow_id).source.startswith("steps:")
    assert "succeeded" in api.why(flow.flow_id).summary
    assert flow.flow_id in {line.flow_id for line in api.list_flows(owner=flow.owner_key)}
    assert api.list_tasks(flow.flow_id)[0].parent_flow_id == flow.flow_id
    kinds = [event.kind for event in api.history(flow.flow_id, limit=1000).events]
    assert kinds[0] == "flow.created"
    assert kinds[-1] == "flow.ended"
    failing = api.run(source="steps:\n  - id: a\n    run: exit 3\n", file="f.yaml", cwd="/tmp")
    assert api.wait_for_flow(failing.flow_id, timeout=60).status == "failed"
    again = api.retry(failing.flow_id, from_step="a", idempotency_key="again")
    assert again.retry_of == failing.flow_id
    assert api.retry(failing.flow_id, from_step="a", idempotency_key="again") == again
    fork = api.fork(failing.flow_id, from_step="a", key="twin")
    assert (fork.fork_of, fork.key, fork.name) == (failing.flow_id, "twin", "f")
    assert fork.flow_id in {line.flow_id for line in api.list_flows(name="f", retried=False)}
    task = api.run_command(["sleep", "600"], cwd="/tmp", owner="agent:test:solo")
    assert api.notify_task(task.task_id, "silent").notify_policy == "silent"
    assert api.cancel_task(task.task_id, wait_ms=30_000).status == "cancelled"
    assert isinstance(api.list_inbox(owner="agent:test:solo").deliveries, list)
    assert isinstance(api.list_deliveries(owner="agent:test:solo").deliveries, list)


def test_messages_are_tried_again_or_dropped(flows: clawflow.TaskFlow) -> None:
    flow = make(flows)
    for key in ("a", "b"):
        flows.emit_flow_update(flow.flow_id, key, event_key=key)
    first, second = (message.delivery_id for message in flows.inbox().deliveries)
    assert flows.dismiss(first, by="ann")[0].state == "dismissed"
    assert [message.delivery_id for message in flows.inbox().deliveries] == [second]


def test_the_feed_tells_everything_once(api: clawflow.Api, flows: clawflow.TaskFlow) -> None:
    flow = make(flows)
    with flows.events(flow.flow_id, after=0) as events:
        assert next(events).kind == "flow.created"
        flows.set_flow_waiting(flow.flow_id).require()
        assert next(events).kind == "flow.waiting"
        place = events.last_event_id
    flows.finish_flow(flow.flow_id).require()
    with flows.events(flow.flow_id, after=place) as events:
        found = next(events)
        assert (found.kind, found.data["from"], found.data["to"]) == (
            "flow.ended",
            "waiting",
            "succeeded",
        )


def test_a_feed_outlives_its_gateway(gateway: Gateway) -> None:
    gateway.start()
    count = 30
    with clawflow.connect(gateway.socket) as api:
        flows = api.bind_session("agent:test:feed")
        flow = make(flows)

        def write() -> None:
            for at in range(count):
                if at % 10 == 5:
                    gateway.kill()
                    gateway.start()
                flows.set_flow_waiting(flow.flow_id, current_step=str(at)).require()
            flows.finish_flow(flow.flow_id).require()

        writer = threading.Thread(target=write)
        with flows.events(flow.flow_id, after=0) as events:
            writer.start()
            seen = []
            for event in events:
                seen.append(event)
                if event.kind == "flow.ended":
                    break
        writer.join()
    assert [event.seq for event in seen] == sorted({event.seq for event in seen})
    assert [event.data["step"] for event in seen if event.kind == "flow.waiting"] == [
        str(at) for at in range(count)
    ]


def test_waiting_outlives_the_gateway(gateway: Gateway) -> None:
    gateway.start()
    with clawflow.connect(gateway.socket) as api, ThreadPoolExecutor() as pool:
        flows = api.bind_session("agent:test:wait")
        flow = make(flows)
        waiting = pool.submit(flows.wait_for_flow, flow.flow_id, timeout=60)
        gateway.kill()
        gateway.start()
        assert flows.finish_flow(flow.flow_id).applied
        assert waiting.result().status == "succeeded"


def test_asyncio_does_the_same(shared_gateway: Gateway) -> None:
    async def main() -> None:
        async with aio.connect(shared_gateway.socket) as api:
            flows = api.bind_session("agent:test:asyncio", ORIGIN)
            flow = await flows.create_managed(controller_id="tests/aio", goal="g")
            events = flows.events(flow.flow_id, after=0)
            async with events:
                assert (await anext(events)).kind == "flow.created"
                child = await flows.run_task(
                    flow.flow_id, runtime="cli", task="t", command=["true"], await_=True
                )
                task = child.require()
                view = await flows.wait_for_flow(
                    flow.flow_id, until=lambda flow: flow.status == "running", timeout=30
                )
                assert view.tasks[0].task_id == task.task_id

                async def decide(now: clawflow.Flow) -> clawflow.Outcome:
                    return await flows.finish(now.flow_id, expected_revision=now.revision)

                outcome = await flows.with_conflict_retry(flow.flow_id, decide)
                assert outcome.require().status == "succeeded"
                async for event in events:
                    if event.kind == "flow.ended":
                        break
            made = await asyncio.gather(
                *[flows.create_managed(controller_id="tests/aio", goal=str(n)) for n in range(40)]
            )
            assert len({flow.flow_id for flow in made}) == 40
            missing = await flows.finish("flow_" + "0" * 26, expected_revision=0)
            assert isinstance(missing, clawflow.Refused)
            assert missing.code == "not_found"

    asyncio.run(main())


def free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        port: int = made.getsockname()[1]
        return port


def test_tokens_over_tcp(gateway: Gateway) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    gateway.start(gateway_listen=url.removeprefix("http://"))
    with clawflow.connect(gateway.socket) as operator:
        assert operator.status().listen == url.removeprefix("http://")
        reader = operator.create_token(label="reader", access="read")
        owner = operator.create_token(label="mine", access="operate", owner="agent:a:main")
        expires = int(time.time() * 1000) + 1500
        short = operator.create_token(label="short", access="read", expires_at=expires)
        assert reader.secret not in repr(reader)
        assert {token.label for token in operator.list_tokens()} == {"reader", "mine", "short"}
        flow = make(operator.bind_session("agent:b:main"))

        with clawflow.connect(url=url, token=reader.secret) as api:
            assert flow.flow_id in {line.flow_id for line in api.list_flows()}
            bound = api.bind_session("agent:b:main")
            with pytest.raises(clawflow.ClawflowError) as caught:
                bound.finish(flow.flow_id, expected_revision=0)
            assert (caught.value.code, caught.value.status) == ("forbidden", 403)
            operator.revoke_token("reader")
            with pytest.raises(clawflow.ClawflowError) as caught:
                api.list_flows()
            assert (caught.value.code, caught.value.status) == ("unauthorized", 401)

        with clawflow.connect(url=url, token=owner.secret) as api:
            mine = make(api.bind_session("agent:a:main"))
            assert [line.flow_id for line in api.list_flows()] == [mine.flow_id]
            assert api.bind_session("agent:b:main").get(flow.flow_id) is None

        with clawflow.connect(url=url, token=short.secret) as api:
            api.status()
            refused = None
            while refused is None and time.time() * 1000 < expires + 10_000:
                try:
                    api.status()
                except clawflow.ClawflowError as error:
                    refused = error
            assert time.time() * 1000 >= expires
            assert refused is not None
            assert refused.code == "unauthorized"

        for token in ("nonsense", None):
            with (
                clawflow.connect(url=url, token=token) as api,
                pytest.raises(clawflow.ClawflowError) as caught,
            ):
                api.status()
            assert caught.value.code == "unauthorized"
            assert not token or token not in str(caught.value)


def test_the_actor_is_in_the_history(shared_gateway: Gateway) -> None:
    with clawflow.connect(shared_gateway.socket, actor="Zoë <z@x>") as api:
        flows = api.bind_session("agent:test:actor")
        flow = make(flows)
        assert flows.history(flow.flow_id).events[0].actor == "Zoë <z@x>"


def test_a_session_key_of_any_text(api: clawflow.Api) -> None:
    flows = api.bind_session("agent:ü b/%?#:main")
    flow = make(flows, key="naïve key/..")
    assert flow.owner_key == "agent:ü b/%?#:main"
    found = flows.get("naïve key/..")
    assert found is not None
    assert found.flow_id == flow.flow_id


if sys.platform != "linux":
    pytest.skip("the gateway runs on Linux", allow_module_level=True)
