"""Real records for what is fuzzed: without them nearly every call would end at `not found`.

Each operation has a function that makes what it needs and says what to put into a request.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import clawflow

SESSION = "agent:fuzz:main"
LONG = "300"
"""Seconds that a task sleeps that is to be stopped; one that is not ends by itself."""
ENDED = 60.0
"""Seconds that a flow of one step may take."""


@dataclass
class Seed:
    """What a request needs to be carried out."""

    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None


class Seeds:
    """Makes records for one gateway, on its unix socket."""

    def __init__(self, socket: str, directory: str) -> None:
        """In the session [`SESSION`]; programs run in `directory`."""
        self.api = clawflow.connect(socket)
        self.flows = self.api.bind_session(SESSION)
        self.directory = directory
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._kept: dict[str, str] = {}

    def make(self, operation: str) -> Seed:
        """What this operation needs; nothing, if it needs nothing."""
        maker = MAKERS.get(operation)
        return maker(self) if maker else Seed()

    def number(self) -> int:
        """Another one each time."""
        return next(self._numbers)

    def flow(self, **fields: Any) -> str:
        """A flow that code drives."""
        return self.flows.create_managed(
            controller_id="tests/fuzz", goal="be steered", **fields
        ).flow_id

    def foreign_flow(self) -> dict[str, Any]:
        """A flow as OpenClaw keeps it."""
        return {
            "flow_id": f"fuzz-{self.number()}",
            "owner_key": SESSION,
            "status": "waiting",
            "goal": "be imported",
            "created_at": 1_700_000_000_000,
        }

    def once(self, name: str, make: Callable[[], str]) -> str:
        """Something that can be used again and again."""
        with self._lock:
            if name not in self._kept:
                self._kept[name] = make()
            return self._kept[name]

    def file_flow(self, step: str, end: Callable[[clawflow.FlowView], bool] | None = None) -> str:
        """A flow of one step, once it has ended or is where it is wanted."""
        made = self.api.run(
            source=f"steps:\n  - id: only\n    {step}\n",
            file="fuzz.yaml",
            cwd=self.directory,
            owner=SESSION,
        )
        return self.flows.wait_for_flow(made.flow_id, until=end, timeout=ENDED).flow_id

    def task(self, *argv: str) -> str:
        """A task of its own."""
        return self.api.run_command(argv, cwd=self.directory, owner=SESSION).task_id

    def message(self) -> str:
        """A message in the inbox."""
        flow = self.once("talker", self.flow)
        return self.flows.emit_flow_update(flow, f"message {self.number()}").delivery_ids[0]

    def token(self) -> str:
        """An access token that nobody uses."""
        return self.api.create_token(label=f"seed-{self.number()}", access="read").token.token_id

    def new_schedule(self) -> dict[str, Any]:
        """What a schedule of its own is made from."""
        return {
            "name": f"seed-{self.number()}",
            "spec": {"kind": "cron", "expr": "@yearly", "tz": "UTC"},
            "start": {"kind": "command", "argv": ["true"], "cwd": self.directory},
        }

    def schedule(self) -> str:
        """A schedule that does not fire by itself now."""
        return self.flows.add_schedule(**self.new_schedule()).schedule_id

    def waiting(self, wait_for: clawflow.WaitFor | None = None) -> str:
        """A flow that waits."""
        flow = self.flow()
        self.flows.set_flow_waiting(flow, wait_for=wait_for).require()
        return flow

    def paused(self) -> str:
        """A flow that is paused."""
        flow = self.flow()
        self.flows.pause(flow).require()
        return flow

    def ended(self) -> str:
        """A flow that has ended."""
        flow = self.flow()
        self.flows.finish_flow(flow).require()
        return flow

    def reported(self) -> str:
        """A task that its caller runs."""
        flow = self.once("parent", self.flow)
        return self.flows.run_task(flow, runtime="external", task="t").require().task_id


def in_doubt(seeds: Seeds) -> str:
    """A flow with a step of which nobody knows what became: its shim was killed."""
    return seeds.file_flow("run: kill -9 $PPID; sleep 5", lambda flow: flow.status == "blocked")


def of_flow(
    make: Callable[[Seeds], str], body: dict[str, Any] | None = None
) -> Callable[[Seeds], Seed]:
    """A seed with a flow in its path."""
    return lambda seeds: Seed(path={"flow": make(seeds)}, body=body)


def of_task(
    make: Callable[[Seeds], str], body: dict[str, Any] | None = None
) -> Callable[[Seeds], Seed]:
    """A seed with a task in its path."""
    return lambda seeds: Seed(path={"task": make(seeds)}, body=body)


def of_schedule(
    make: Callable[[Seeds], str], body: dict[str, Any] | None = None
) -> Callable[[Seeds], Seed]:
    """A seed with a schedule in its path."""
    return lambda seeds: Seed(path={"schedule": make(seeds)}, body=body)


def kept(make: Callable[[Seeds], str]) -> Callable[[Seeds], str]:
    """The same record each time."""
    return lambda seeds: seeds.once(repr(make), lambda: make(seeds))


def approving(seeds: Seeds) -> str:
    """A flow of a file that waits for a person: it stays alive."""
    return seeds.file_flow("approval: go on?", lambda flow: flow.status == "waiting")


ANY_FLOW = of_flow(kept(Seeds.flow))
FILE_FLOW = kept(lambda seeds: seeds.file_flow("run: echo done"))
FAILED_FLOW = kept(lambda seeds: seeds.file_flow("run: exit 3"))
ENDED_TASK = kept(lambda seeds: seeds.task("true"))
LONG_TASK = kept(lambda seeds: seeds.task("sleep", LONG))

MAKERS: dict[str, Callable[[Seeds], Seed]] = {
    "flow.run": lambda seeds: Seed(
        body={
            "source": "steps:\n  - id: a\n    run: echo\n",
            "file": "f.yaml",
            "cwd": seeds.directory,
        }
    ),
    "flow.show": ANY_FLOW,
    "flow.wait": ANY_FLOW,
    "flow.get": ANY_FLOW,
    "flow.summary": ANY_FLOW,
    "flow.why": ANY_FLOW,
    "flow.events": lambda seeds: Seed(query={"flow": seeds.once("heard", seeds.flow)}),
    "flow.resolve": lambda seeds: Seed(query={"token": seeds.once("found", seeds.flow)}),
    "flow.adopt": of_flow(kept(approving)),
    "flow.cancel": of_flow(Seeds.flow, {"waitMs": 50}),
    "flow.answer": of_flow(
        lambda seeds: seeds.waiting(clawflow.Person("go on?")), {"by": "fuzz", "approve": True}
    ),
    "flow.settle": of_flow(in_doubt, {"how": "skip", "by": "fuzz"}),
    "flow.pause": of_flow(Seeds.flow, {}),
    "flow.unpause": of_flow(Seeds.paused, {}),
    "flow.budget": of_flow(Seeds.flow, {"budget": {"tokens": 9}, "by": "ann"}),
    "flow.retry": of_flow(FAILED_FLOW, {}),
    "flow.fork": of_flow(FILE_FLOW, {"from": "only"}),
    "flow.source": of_flow(FILE_FLOW),
    "flow.purge": lambda seeds: Seed(body={"flow": seeds.ended()}),
    "flow.create": lambda seeds: Seed(body={"controllerId": "tests/fuzz", "goal": "be made"}),
    "flow.runTask": of_flow(Seeds.flow, {"runtime": "cli", "task": "t", "command": ["true"]}),
    "flow.setWaiting": of_flow(Seeds.flow, {"waitFor": {"kind": "timer", "afterMs": 10}}),
    "flow.resume": of_flow(Seeds.waiting, {}),
    "flow.finish": of_flow(Seeds.flow, {}),
    "flow.fail": of_flow(Seeds.flow, {}),
    "flow.requestCancel": of_flow(Seeds.flow, {}),
    "flow.setOutput": of_flow(Seeds.flow, {"name": "n", "value": None}),
    "flow.appendOutput": of_flow(Seeds.flow, {"name": "list", "value": 1}),
    "flow.emit": of_flow(kept(Seeds.flow), {"content": "hello"}),
    "schedule.add": lambda seeds: Seed(body=seeds.new_schedule()),
    "schedule.show": of_schedule(kept(Seeds.schedule)),
    "schedule.next": of_schedule(kept(Seeds.schedule)),
    "schedule.edit": of_schedule(kept(Seeds.schedule), {}),
    "schedule.enable": of_schedule(kept(Seeds.schedule), {}),
    "schedule.disable": of_schedule(Seeds.schedule, {}),
    "schedule.remove": of_schedule(Seeds.schedule, {}),
    "schedule.run": of_schedule(kept(Seeds.schedule), {}),
    "import.openclaw": lambda seeds: Seed(body={"flows": [seeds.foreign_flow()]}),
    "signal.send": lambda seeds: Seed(body={"name": "fuzz"}),
    "task.run": lambda seeds: Seed(
        body={"argv": ["true"], "cwd": seeds.directory, "owner": SESSION}
    ),
    "agent.spawn": lambda seeds: Seed(
        path={"agent": "fuzz"}, body={"prompt": "x", "owner": SESSION, "cwd": seeds.directory}
    ),
    "task.show": of_task(ENDED_TASK),
    "task.why": of_task(ENDED_TASK),
    "task.logs": of_task(ENDED_TASK),
    "task.cancel": of_task(lambda seeds: seeds.task("sleep", LONG), {}),
    "task.purge": lambda seeds: Seed(body={"task": seeds.task("true")}),
    "task.report": of_task(Seeds.reported, {"status": "running"}),
    "task.notify": of_task(LONG_TASK, {"notifyPolicy": "silent"}),
    "inbox.ack": lambda seeds: Seed(body={"ids": [seeds.message()]}),
    "delivery.redeliver": lambda seeds: Seed(path={"delivery": seeds.message()}, body={}),
    "delivery.dismiss": lambda seeds: Seed(path={"delivery": seeds.message()}, body={}),
    "token.create": lambda seeds: Seed(body={"label": f"fuzz-{seeds.number()}", "access": "read"}),
    "token.revoke": lambda seeds: Seed(path={"token": seeds.token()}, body={}),
}
