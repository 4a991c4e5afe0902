"""The words of the ledger: every state, policy and kind."""

from typing import Literal, TypeAlias

FlowStatus: TypeAlias = Literal[
    "queued", "running", "waiting", "blocked", "succeeded", "failed", "cancelled", "lost"
]
TaskStatus: TypeAlias = Literal[
    "queued", "running", "succeeded", "failed", "timed_out", "cancelled", "lost"
]
StepStatus: TypeAlias = Literal[
    "pending",
    "starting",
    "running",
    "retrying",
    "waiting",
    "in_doubt",
    "succeeded",
    "failed",
    "skipped",
    "cancelled",
]
SyncMode: TypeAlias = Literal["managed", "task_mirrored", "group_mirrored"]
NotifyPolicy: TypeAlias = Literal["done_only", "state_changes", "silent"]
OnChildrenDone: TypeAlias = Literal["none", "resume", "finish", "fail_fast"]
Runtime: TypeAlias = Literal["cli", "acp", "subagent", "cron", "external"]
ScopeKind: TypeAlias = Literal["session", "system"]
TerminalOutcome: TypeAlias = Literal["succeeded", "blocked"]
DeliveryStatus: TypeAlias = Literal[
    "pending",
    "delivered",
    "session_queued",
    "acknowledged",
    "failed",
    "dismissed",
    "parent_missing",
    "not_applicable",
]
DeliveryState: TypeAlias = Literal[
    "pending", "delivered", "session_queued", "acknowledged", "failed", "dismissed"
]
RouteKind: TypeAlias = Literal["inbox", "webhook", "command"]
WaitKind: TypeAlias = Literal[
    "task", "timer", "event", "approval", "input", "flow", "permission", "in_doubt", "budget"
]
FileAccess: TypeAlias = Literal["off", "read", "write"]
OnStop: TypeAlias = Literal["fail", "block"]
WaitState: TypeAlias = Literal["open", "resolved", "expired", "cancelled"]
OnTimeout: TypeAlias = Literal["fail", "continue", "cancel"]
OnResolved: TypeAlias = Literal["resume", "tell"]
SettleHow: TypeAlias = Literal["rerun", "succeeded", "skip", "fail"]
Access: TypeAlias = Literal["ping", "read", "operate", "admin"]
ScheduleKind: TypeAlias = Literal["at", "every", "cron"]
PayloadKind: TypeAlias = Literal["command", "flow", "agent", "message", "mirror"]
MemberBy: TypeAlias = Literal["label", "flow", "schedule"]
MissedPolicy: TypeAlias = Literal["skip", "once", "all"]
OverlapPolicy: TypeAlias = Literal["skip", "queue", "replace", "allow"]
DisabledReason: TypeAlias = Literal["asked", "finished", "errors", "broken"]
RunTrigger: TypeAlias = Literal["slot", "missed", "manual"]
SkipReason: TypeAlias = Literal["missed", "overlap", "queue_full", "replaced", "withdrawn"]
RunStatus: TypeAlias = Literal[
    "queued",
    "running",
    "retrying",
    "succeeded",
    "failed",
    "timed_out",
    "cancelled",
    "lost",
    "skipped",
]
ImportOutcome: TypeAlias = Literal[
    "taken",
    "updated",
    "present",
    "kept",
    "active",
    "expired",
    "left_out",
]
Severity: TypeAlias = Literal["warn", "error"]
AuditScope: TypeAlias = Literal["flow", "task", "message", "schedule", "home"]
AuditCode: TypeAlias = Literal[
    "stale_running",
    "stale_queued",
    "stale_waiting",
    "stale_retry",
    "silent_running",
    "lost",
    "in_doubt",
    "cancel_stuck",
    "orphan_process",
    "old_shim",
    "missing_linked_tasks",
    "blocked_task_missing",
    "inconsistent_timestamps",
    "delivery_failed",
    "undelivered",
    "schedule_late",
    "schedule_disabled",
    "schedule_never_runs",
    "run_stuck",
    "not_driven",
    "clock_jump",
    "disk_low",
    "wal_large",
    "reports_unread",
    "queue_unknown",
]

TERMINAL: frozenset[str] = frozenset(("succeeded", "failed", "cancelled", "lost"))
"""Ends of a flow; a `blocked` flow is over only once `ended_at` is set."""
