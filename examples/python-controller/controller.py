#!/usr/bin/env python3
"""Triages an inbox: classifies it, asks a person, tells the owner, and is done.

The flow is where this program stands. It looks at the newest revision, does the one thing that
comes next, and looks again. Killed at any point and started again, it goes on from there: each
thing that it does is a command that names the revision it was decided on, or one that the gateway
does once (a child by its `run_id`, a message by its `event_key`).
"""

import argparse
import json
import sys
from datetime import date
from pathlib import Path

import clawflow

HERE = Path(__file__).resolve().parent
DAY_MS = 24 * 60 * 60 * 1000


def classify(flows: clawflow.TaskFlow, flow: clawflow.Flow, inbox: Path) -> clawflow.Flow:
    """Starts the classifier, and the flow waits for it. The gateway wakes the flow at its end."""
    child = flows.run_task(
        flow.flow_id,
        runtime="cli",
        run_id=f"classify-{flow.flow_id}",
        task="Classify inbox messages",
        command=[str(HERE / "classify"), str(inbox)],
        current_step="classify",
        await_=True,
    )
    if not child.created:
        return newest(flows, flow, child.code, child.reason)
    say(f"classifying: {child.task.task_id}")
    return child.flow


def ask(flows: clawflow.TaskFlow, flow: clawflow.Flow) -> clawflow.Flow:
    """Keeps what the classifier found, and asks a person about it."""
    (task,) = flows.tasks(flow.flow_id)
    if task.status != "succeeded":
        outcome = flows.fail(
            flow.flow_id, expected_revision=flow.revision, error=f"classify: {task.status}"
        )
        return after(flows, flow, outcome)
    found = json.loads(flows.logs(task.task_id).text)
    outcome = flows.set_waiting(
        flow.flow_id,
        expected_revision=flow.revision,
        current_step="review",
        state_json=found,
        wait_for=clawflow.Person("File these messages?", preview=summary(found)),
        # The answer is for this program to act on: it resumes the flow itself.
        on_resolved="tell",
        deadline_ms=2 * DAY_MS,
        on_deadline="fail",
    )
    say(f"asking: clawflow flows answer {flow.key} --approve")
    return after(flows, flow, outcome)


def resume(flows: clawflow.TaskFlow, flow: clawflow.Flow) -> clawflow.Flow:
    """Waits for the person, and goes on with the answer in the state."""
    view = flows.wait_for_flow(
        flow.flow_id, until=lambda now: moved(now) or answered(now) is not None
    )
    answer = answered(view)
    if moved(view) or answer is None:
        return view
    state = {**view.state_json, "filed": answer.answer["approved"], "by": answer.answered_by}
    outcome = flows.resume(
        view.flow_id, expected_revision=view.revision, current_step="notify", state_json=state
    )
    say(f"answered by {answer.answered_by}: {'yes' if state['filed'] else 'no'}")
    return after(flows, flow, outcome)


def notify(flows: clawflow.TaskFlow, flow: clawflow.Flow) -> clawflow.Flow:
    """Tells the owner, once, and ends the flow."""
    state = flow.state_json
    verdict = f"{'filed' if state['filed'] else 'left alone'} ({state['by']})"
    flows.emit_flow_update(flow.flow_id, f"Inbox {verdict}: {summary(state)}", event_key="verdict")
    outcome = flows.finish(flow.flow_id, expected_revision=flow.revision)
    say("told and finished")
    return after(flows, flow, outcome)


def step(flows: clawflow.TaskFlow, flow: clawflow.Flow, inbox: Path) -> clawflow.Flow:
    """Does what comes next, and answers the flow as it is then."""
    match flow.status, flow.current_step:
        case "queued", _:
            return classify(flows, flow, inbox)
        case "waiting", "classify":
            return flows.wait_for_flow(flow.flow_id, until=moved)
        case "running", "classify":
            return ask(flows, flow)
        case "waiting", "review":
            return resume(flows, flow)
        case "running", "notify":
            return notify(flows, flow)
        case status, current:
            raise SystemExit(f"somebody else has this flow: {status} at {current}")


def moved(flow: clawflow.Flow) -> bool:
    """Whether it waits no more."""
    return flow.status != "waiting"


def answered(view: clawflow.FlowView) -> clawflow.Wait | None:
    """The person's answer, if there is one."""
    closed = (wait for wait in view.waits if wait.kind == "approval" and wait.state == "resolved")
    return next(closed, None)


def after(
    flows: clawflow.TaskFlow, flow: clawflow.Flow, outcome: clawflow.Outcome
) -> clawflow.Flow:
    """The flow after a command, applied or not."""
    if outcome.applied:
        return outcome.flow
    return newest(flows, flow, outcome.code, outcome.message)


def newest(flows: clawflow.TaskFlow, flow: clawflow.Flow, code: str, why: str) -> clawflow.Flow:
    """The flow as it is: somebody was faster, holds it back, or wants it to end.

    Or the gateway went away, and whether the command was carried out is what a look says.
    """
    if code in ("revision_conflict", "terminal", "paused", "unavailable"):
        return flows.wait_for_flow(flow.flow_id, until=lambda now: now.paused_at is None)
    if code == "cancel_requested":
        return flows.wait_for_flow(flow.flow_id)
    raise SystemExit(f"{code}: {why}")


def summary(found: dict[str, list[str]]) -> str:
    """The numbers, for people."""
    names = {"businessThreads": "business", "personalItems": "personal", "eodSummary": "for later"}
    return ", ".join(f"{len(found[key])} {name}" for key, name in names.items())


def say(what: str) -> None:
    """Tells whoever watches; the record of it is the flow's history."""
    print(what, file=sys.stderr, flush=True)


def main() -> int:
    """Takes up today's flow, or makes it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inbox", type=Path, default=HERE / "inbox")
    parser.add_argument("--key", default=f"inbox-triage-{date.today()}")
    parser.add_argument("--session", default="agent:main:main")
    given = parser.parse_args()
    with clawflow.connect(actor="inbox-triage") as api:
        flows = api.bind_session(given.session)
        # One that has ended is found too: what is done is not done again.
        flow = flows.get(given.key) or flows.create_managed(
            controller_id="examples/inbox-triage",
            goal="triage inbox",
            key=given.key,
            join=True,
            current_step="classify",
        )
        while not flow.ended:
            try:
                flow = step(flows, flow, given.inbox.resolve())
            except clawflow.ClawflowError as error:
                flow = newest(flows, flow, error.code, error.message)
    print(f"{flow.flow_id} {flow.status}")
    return 0 if flow.status == "succeeded" else 1


if __name__ == "__main__":
    sys.exit(main())
