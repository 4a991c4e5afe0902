"""What calls answer, beside the records themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .codec import Record
from .records import (
    Delivery,
    Event,
    Flow,
    FlowLine,
    FlowView,
    ScheduleRun,
    ScheduleView,
    Task,
    Token,
    Wait,
)
from .words import AuditCode, AuditScope, DeliveryState, ImportOutcome, Severity


@dataclass(frozen=True, kw_only=True)
class FlowMaybe(Record):
    """A flow, or none."""

    flow: Flow | None = None


@dataclass(frozen=True, kw_only=True)
class FlowList(Record):
    """A page of flows, newest first."""

    flows: list[FlowLine]
    counts: dict[str, int]
    cancel_requested: int
    next: str | None = None


@dataclass(frozen=True, kw_only=True)
class FlowNews(Record):
    """What happened to a flow, and how it stands now."""

    events: list[Event]
    view: FlowView


@dataclass(frozen=True, kw_only=True)
class RunTask(Record):
    """A child of a flow, or why there is none."""

    created: bool
    found: bool
    code: str | None = None
    reason: str | None = None
    flow: Flow | None = None
    task: Task | None = None


@dataclass(frozen=True, kw_only=True)
class Spawned(Record):
    """A sub-agent that was accepted: it runs, or waits for its turn."""

    status: str
    run_id: str
    child_session_key: str
    task: Task


@dataclass(frozen=True, kw_only=True)
class Answered(Record):
    """The answer that counts, which may be an earlier one."""

    flow: Flow
    wait: Wait
    applied: bool


@dataclass(frozen=True, kw_only=True)
class Emitted(Record):
    """A message to the owner, and where it stands."""

    flow: Flow
    delivery: DeliveryState
    delivery_ids: list[str]


@dataclass(frozen=True, kw_only=True)
class Signalled(Record):
    """Who took a signal."""

    waits: list[str]
    flows: list[str]
    kept: bool


@dataclass(frozen=True, kw_only=True)
class Purged(Record):
    """Ids of the flows that were deleted, or would be."""

    flows: list[str]


@dataclass(frozen=True, kw_only=True)
class PurgedTasks(Record):
    """Ids of the tasks that were deleted, or would be."""

    tasks: list[str]


@dataclass(frozen=True, kw_only=True)
class WhyReason(Record):
    """One thing that a flow or task waits for."""

    kind: str
    text: str
    flow_id: str | None = None
    step: str | None = None
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, kw_only=True)
class Why(Record):
    """Why a flow stands where it stands."""

    flow: Flow
    summary: str
    reasons: list[WhyReason]
    commands: list[str]
    earliest: int | None = None


@dataclass(frozen=True, kw_only=True)
class TaskWhy(Record):
    """Why a task stands where it stands."""

    task: Task
    summary: str
    reasons: list[WhyReason]
    commands: list[str]
    earliest: int | None = None


@dataclass(frozen=True, kw_only=True)
class EventList(Record):
    """A page of history, oldest first."""

    events: list[Event]
    next: int | None = None


@dataclass(frozen=True, kw_only=True)
class Source(Record):
    """The workflow file of a flow, as it was."""

    file: str
    hash: str
    source: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TaskList(Record):
    """A page of tasks, newest first."""

    tasks: list[Task]
    next: str | None = None


@dataclass(frozen=True, kw_only=True)
class Logs(Record):
    """A part of a log."""

    text: str
    next: int
    done: bool


@dataclass(frozen=True, kw_only=True)
class DeliveryList(Record):
    """A page of messages."""

    deliveries: list[Delivery]
    next: str | None = None


@dataclass(frozen=True, kw_only=True)
class Acknowledged(Record):
    """The messages that are acknowledged now."""

    deliveries: list[Delivery]


@dataclass(frozen=True, kw_only=True)
class QueueTask(Record):
    """A task in a queue; `why` says why it waits, in a word."""

    task_id: str
    owner_key: str
    priority: int
    since: int
    flow_id: str | None = None
    step_id: str | None = None
    why: str | None = None


@dataclass(frozen=True, kw_only=True)
class Queue(Record):
    """A queue: what runs in it, and the first of those that wait, in their order."""

    name: str
    configured: bool
    priority: int
    running: list[QueueTask]
    waiting: int
    line: list[QueueTask]
    concurrency: int | None = None
    rate: str | None = None
    held: str | None = None
    next_at: int | None = None


@dataclass(frozen=True, kw_only=True)
class QueueList(Record):
    """All queues by name, and how many tasks may run and could start, in whatever queue."""

    queues: list[Queue]
    max_tasks: int
    slots_free: int


@dataclass(frozen=True, kw_only=True)
class Finding(Record):
    """Something that is wrong, and what mends it."""

    scope: AuditScope
    severity: Severity
    code: AuditCode
    detail: str
    hint: str
    id: str | None = None
    owner_key: str | None = None
    status: str | None = None
    since: int | None = None
    age_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class AuditCounts(Record):
    """Findings in numbers; what is not in `by_code` counts 0."""

    total: int
    errors: int
    warnings: int
    by_code: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Audit(Record):
    """What is wrong: all in numbers, and those that were asked for."""

    at: int
    counts: AuditCounts
    matching: AuditCounts
    findings: list[Finding]


@dataclass(frozen=True, kw_only=True)
class ImportedRecord(Record):
    """What became of a row of another system, or would."""

    outcome: ImportOutcome
    id: str | None = None
    reason: str | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ImportedRecords(Record):
    """What became of rows of another system, in their order."""

    records: list[ImportedRecord]


@dataclass(frozen=True, kw_only=True)
class TokenMade(Record):
    """A token with its secret, which is shown this once."""

    token: Token
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class TokenList(Record):
    """All tokens, newest first."""

    tokens: list[Token]


@dataclass(frozen=True, kw_only=True)
class Status(Record):
    """Who holds the home, and how much runs."""

    version: str
    pid: int
    kind: str
    home: str
    socket: str
    started_at: int
    epoch: int
    running: int
    flows: dict[str, int]
    listen: str | None = None


@dataclass(frozen=True, kw_only=True)
class ScheduleList(Record):
    """A page of schedules, newest first."""

    schedules: list[ScheduleView]
    total: int
    enabled: int
    next: str | None = None


@dataclass(frozen=True, kw_only=True)
class ScheduleRuns(Record):
    """A page of runs, newest first."""

    runs: list[ScheduleRun]
    next: str | None = None


@dataclass(frozen=True, kw_only=True)
class ScheduleNext(Record):
    """The slots of a schedule to come."""

    slots: list[int]
    jitter_ms: int
    tz: str | None = None


@dataclass(frozen=True, kw_only=True)
class ScheduleStatus(Record):
    """Whether schedules fire, and when the next one is due."""

    fires: bool
    total: int
    enabled: int
    next_at: int | None = None
