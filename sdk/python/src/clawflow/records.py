"""The records of the ledger. Times are milliseconds since 1970 in UTC.

A field that is `None` was not there; `state_json`, `wait_json` and answers may also be a JSON
`null`: `"stateJson" in flow.raw` tells.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .codec import Record
from .words import (
    TERMINAL,
    Access,
    DeliveryState,
    DeliveryStatus,
    DisabledReason,
    FileAccess,
    FlowStatus,
    MemberBy,
    MissedPolicy,
    NotifyPolicy,
    OnChildrenDone,
    OnResolved,
    OnStop,
    OnTimeout,
    OverlapPolicy,
    PayloadKind,
    RouteKind,
    RunStatus,
    Runtime,
    RunTrigger,
    ScheduleKind,
    ScopeKind,
    SkipReason,
    StepStatus,
    SyncMode,
    TaskStatus,
    TerminalOutcome,
    WaitKind,
    WaitState,
)


@dataclass(frozen=True, kw_only=True)
class Origin(Record):
    """Where a request came from, so that the answer can go back there."""

    channel: str | None = None
    to: str | None = None
    account_id: str | None = None
    thread_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Imported(Record):
    """Which record of another system a record was taken over from."""

    system: str
    id: str
    at: int
    revision: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class Usage(Record):
    """What a run has used, as its runtime or reporter counts it."""

    tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    turns: int | None = None
    tool_calls: int | None = None


@dataclass(frozen=True, kw_only=True)
class Budget(Record):
    """What may be used; what is left out is without limit."""

    tokens: int | None = None
    cost_usd: float | None = None
    turns: int | None = None
    wall_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class Flow(Record):
    """One durable job: one owner, one state, one place to inspect, cancel or resume it."""

    flow_id: str
    sync_mode: SyncMode
    owner_key: str
    revision: int
    status: FlowStatus
    notify_policy: NotifyPolicy
    goal: str
    created_at: int
    updated_at: int
    key: str | None = None
    requester_origin: Origin | None = None
    controller_id: str | None = None
    on_children_done: OnChildrenDone | None = None
    current_step: str | None = None
    state_json: Any = None
    wait_json: Any = None
    outputs: dict[str, Any] = field(default_factory=dict)
    blocked_task_id: str | None = None
    blocked_summary: str | None = None
    cancel_requested_at: int | None = None
    cancel_reason: str | None = None
    paused_at: int | None = None
    budget: Budget | None = None
    held_at: int | None = None
    in_line_since: int | None = None
    definition_hash: str | None = None
    name: str | None = None
    parent_flow_id: str | None = None
    parent_step_id: str | None = None
    retry_of: str | None = None
    fork_of: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    imported: Imported | None = None
    error: str | None = None
    ended_at: int | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing moves the flow any more."""
        return self.status in TERMINAL or (self.status == "blocked" and self.ended_at is not None)


@dataclass(frozen=True, kw_only=True)
class FlowLine(Flow):
    """A flow in a list."""

    tasks_active: int
    tasks_total: int


@dataclass(frozen=True, kw_only=True)
class FlowWaiting(Flow):
    """A flow that was parked, and the wait that was made if the engine waits for something."""

    wait_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Executor(Record):
    """Who executes a task, and which process it is."""

    gateway: str = ""
    epoch: int = 0
    boot_id: str = ""
    pid: int | None = None
    start_time: int | None = None


@dataclass(frozen=True, kw_only=True)
class Exit(Record):
    """How a process ended: one of the three."""

    code: int | None = None
    signal: int | None = None
    stop_reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class McpServer(Record):
    """A server of the Model Context Protocol, as a program."""

    name: str = ""
    command: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AcpRequest(Record):
    """What a coding agent is asked."""

    agent: str = ""
    prompt: str = ""
    context: Any = None
    files: list[str] = field(default_factory=list)
    schema: Any = None
    corrections: int = 0
    mode: str | None = None
    model: str | None = None
    permissions: list[str] | None = None
    mcp: list[McpServer] = field(default_factory=list)
    file_access: FileAccess = "off"
    terminals: bool = False
    on_stop: OnStop = "fail"
    anywhere: bool = False
    session: str | None = None
    resume: bool = False
    cost_before: float | None = None


@dataclass(frozen=True, kw_only=True)
class AgentSession(Record):
    """A session of an agent, as far as another attempt or step can go on with it."""

    agent: str = ""
    id: str = ""
    cost_usd: float | None = None


@dataclass(frozen=True, kw_only=True)
class EarlierTurn(Record):
    """What attempts of an agent that were broken off leave to the next one of the same task."""

    session: str = ""
    cost_usd: float | None = None
    usage: Usage | None = None
    worked_ms: int = 0


@dataclass(frozen=True, kw_only=True)
class TaskCommand(Record):
    """What a task of its own executes."""

    argv: list[str] = field(default_factory=list)
    cwd: str = ""
    env: dict[str, str] = field(default_factory=dict)
    timeout_ms: int | None = None
    acp: AcpRequest | None = None
    earlier: EarlierTurn | None = None


@dataclass(frozen=True, kw_only=True)
class Task(Record):
    """One attempt of one piece of work. A row about a run, never the run itself."""

    task_id: str
    version: int
    runtime: Runtime
    owner_key: str
    scope_kind: ScopeKind
    attempt: int
    fence: int
    task: str
    status: TaskStatus
    delivery_status: DeliveryStatus
    notify_policy: NotifyPolicy
    created_at: int
    last_event_at: int
    kind: str | None = None
    source_id: str | None = None
    requester_origin: Origin | None = None
    child_session_key: str | None = None
    parent_flow_id: str | None = None
    step_id: str | None = None
    parent_task_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    label: str | None = None
    command: TaskCommand | None = None
    terminal_outcome: TerminalOutcome | None = None
    executor: Executor | None = None
    cancel_requested_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    exit: Exit | None = None
    progress_summary: str | None = None
    terminal_summary: str | None = None
    answer: str | None = None
    error: str | None = None
    usage: Usage | None = None
    budget: Budget | None = None
    queue: str | None = None
    priority: int | None = None
    reported: bool = False
    imported: Imported | None = None

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.status not in ("queued", "running")


@dataclass(frozen=True, kw_only=True)
class StepError(Record):
    """Why a step failed, was skipped or is in doubt."""

    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class StepResult(Record):
    """What a step left behind."""

    stdout: str | None = None
    json: Any = None
    truncated: bool = False
    exit_code: int | None = None
    status: int | None = None
    headers: dict[str, str] | None = None
    rest: Any = None
    asked: int = 0
    usage: Usage | None = None
    session: AgentSession | None = None
    approved: bool | None = None
    approved_by: str | None = None
    initiated_by: str | None = None
    subject: Any = None
    response: Any = None


@dataclass(frozen=True, kw_only=True)
class PartOf(Record):
    """Where a step is inside of another one, or which one it undoes."""

    step: int
    part: int
    item: int | None = None
    round: int = 0
    undo: bool = False


@dataclass(frozen=True, kw_only=True)
class Step(Record):
    """One step of a flow that the engine drives."""

    flow_id: str
    step_id: str
    position: int
    version: int
    status: StepStatus
    attempt: int
    finally_: bool = False
    of_: PartOf | None = None
    lost_attempts: int = 0
    task_id: str | None = None
    child_flow_id: str | None = None
    wait_id: str | None = None
    due_at: int | None = None
    result: StepResult | None = None
    error: StepError | None = None
    reused_from: str | None = None
    started_at: int | None = None
    ended_at: int | None = None


@dataclass(frozen=True, kw_only=True)
class Wait(Record):
    """What a flow or step waits for. Its answer is single-use."""

    wait_id: str
    flow_id: str
    version: int
    kind: WaitKind
    state: WaitState
    created_at: int
    step_id: str | None = None
    target: str | None = None
    prompt: str | None = None
    preview: str | None = None
    shown_hash: str | None = None
    approvers: list[str] = field(default_factory=list)
    items: Any = None
    initiated_by: str | None = None
    different_approver: bool = False
    schema: Any = None
    defaults: Any = None
    due_at: int | None = None
    on_timeout: OnTimeout | None = None
    on_resolved: OnResolved | None = None
    event_key: str | None = None
    cancel_requested_at: int | None = None
    used: Usage | None = None
    answer: Any = None
    answered_by: str | None = None
    closed_at: int | None = None


@dataclass(frozen=True, kw_only=True)
class TaskSummary(Record):
    """Tasks in numbers."""

    total: int
    active: int
    terminal: int
    failures: int
    by_status: dict[str, int]
    by_runtime: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FlowChild(Record):
    """A child flow, as its parent sees it; `asks` are questions in it and in the flows below it."""

    flow_id: str
    status: FlowStatus
    goal: str
    created_at: int
    step_id: str | None = None
    key: str | None = None
    error: str | None = None
    cancel_requested_at: int | None = None
    asks: list[Wait] = field(default_factory=list)
    ended_at: int | None = None


@dataclass(frozen=True, kw_only=True)
class FlowView(Flow):
    """A flow with all that belongs to it."""

    steps: list[Step]
    waits: list[Wait]
    tasks: list[Task]
    task_summary: TaskSummary
    last_event: int
    children: list[FlowChild] = field(default_factory=list)
    used: Usage | None = None


@dataclass(frozen=True, kw_only=True)
class Event(Record):
    """One line of history, at its place in the writer's sequence."""

    seq: int
    subject: str
    number: int
    owner_key: str
    at: int
    kind: str
    actor: str | None = None
    step_id: str | None = None
    task_id: str | None = None
    data: Any = None


@dataclass(frozen=True, kw_only=True)
class Delivery(Record):
    """A message that is owed to an owner, on one route."""

    delivery_id: str
    version: int
    owner_key: str
    kind: str
    idempotency_key: str
    content: str
    route: RouteKind
    state: DeliveryState
    attempts: int
    created_at: int
    flow_id: str | None = None
    task_id: str | None = None
    data: Any = None
    requester_origin: Origin | None = None
    route_name: str = ""
    due_at: int | None = None
    error: str | None = None
    delivered_at: int | None = None
    closed_at: int | None = None
    place: int | None = None


@dataclass(frozen=True, kw_only=True)
class Token(Record):
    """An access token, without its secret."""

    token_id: str
    version: int
    label: str
    access: Access
    created_at: int
    owner_key: str | None = None
    expires_at: int | None = None
    revoked_at: int | None = None


@dataclass(frozen=True, kw_only=True)
class ScheduleSpec(Record):
    """When a schedule fires: `at`, or `every_ms` from `anchor`, or `expr` in the zone `tz`."""

    kind: ScheduleKind
    at: int | None = None
    every_ms: int | None = None
    anchor: int | None = None
    expr: str | None = None
    tz: str | None = None


@dataclass(frozen=True, kw_only=True)
class Member(Record):
    """What a mirrored group watches: runs of a label, a workflow or a schedule."""

    id: str
    by: MemberBy
    value: str
    deadline: str | None = None


@dataclass(frozen=True, kw_only=True)
class SchedulePayload(Record):
    """What a schedule starts."""

    kind: PayloadKind
    argv: list[str] = field(default_factory=list)
    cwd: str = ""
    env: dict[str, str] = field(default_factory=dict)
    file: str = ""
    definition_hash: str = ""
    path: str = ""
    files_hash: str | None = None
    args: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    auto_approve: bool = False
    agent: str = ""
    prompt: str = ""
    anywhere: bool = False
    model: str | None = None
    mode: str | None = None
    permissions: list[str] | None = None
    content: str = ""
    data: Any = None
    goal: str | None = None
    members: list[Member] = field(default_factory=list)
    deadline: str | None = None


@dataclass(frozen=True, kw_only=True)
class ScheduleStart(Record):
    """What a schedule is to start; `source` is the text of a workflow file, `files` those below."""

    kind: PayloadKind
    argv: list[str] = field(default_factory=list)
    cwd: str = ""
    env: dict[str, str] = field(default_factory=dict)
    source: str | None = None
    path: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    file: str = ""
    args: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    auto_approve: bool = False
    agent: str = ""
    prompt: str = ""
    anywhere: bool = False
    model: str | None = None
    mode: str | None = None
    permissions: list[str] | None = None
    content: str = ""
    data: Any = None
    goal: str | None = None
    members: list[Member] = field(default_factory=list)
    deadline: str | None = None


@dataclass(frozen=True, kw_only=True)
class SchedulePolicies(Record):
    """How a schedule fires. Durations are milliseconds."""

    missed: MissedPolicy = "once"
    missed_window_ms: int | None = None
    missed_cap: int = 10
    missed_spacing_ms: int = 1000
    late_ms: int = 60_000
    overlap: OverlapPolicy = "skip"
    retries: int = 0
    retry_pause_ms: int = 30_000
    timeout_ms: int | None = None
    jitter_ms: int = 0
    starts_at: int | None = None
    ends_at: int | None = None
    disable_after: int = 10
    delete_after_run: bool = False
    notify: NotifyPolicy = "silent"


@dataclass(frozen=True, kw_only=True)
class Schedule(Record):
    """What time starts, and how."""

    schedule_id: str
    version: int
    owner_key: str
    name: str
    spec: ScheduleSpec
    payload: SchedulePayload
    policies: SchedulePolicies
    enabled: bool
    consecutive_errors: int
    created_at: int
    updated_at: int
    requester_origin: Origin | None = None
    disabled_reason: DisabledReason | None = None
    next_slot: int | None = None
    next_at: int | None = None
    last_slot: int | None = None
    last_status: RunStatus | None = None
    last_ended_at: int | None = None
    last_error: str | None = None
    skipping: str | None = None
    imported: Imported | None = None


@dataclass(frozen=True, kw_only=True)
class ScheduleRun(Record):
    """One run of a schedule, or slots in a row that were skipped."""

    run_id: str
    version: int
    schedule_id: str
    owner_key: str
    trigger: RunTrigger
    slots: int
    status: RunStatus
    attempt: int
    created_at: int
    slot: int | None = None
    slot_to: int | None = None
    more: bool = False
    reason: SkipReason | None = None
    task_id: str | None = None
    flow_id: str | None = None
    joined: bool = False
    due_at: int | None = None
    stopping: str | None = None
    error: str | None = None
    started_at: int | None = None
    ended_at: int | None = None


@dataclass(frozen=True, kw_only=True)
class ScheduleView(Schedule):
    """A schedule, its runs that have not ended, oldest first, and the files of its child flows."""

    open: list[ScheduleRun]
    files: dict[str, str] = field(default_factory=dict)
