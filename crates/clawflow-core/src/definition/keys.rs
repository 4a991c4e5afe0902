//! The keys of the language: those understood now, and those of a later release.

/// Keys of the file.
pub(crate) const FLOW: [&str; 12] = [
    "name",
    "description",
    "goal",
    "key",
    "owner",
    "notify",
    "labels",
    "args",
    "env",
    "cwd",
    "steps",
    "finally",
];

/// Keys of the file that are refused rather than ignored: they change what a flow does.
pub(crate) const FLOW_LATER: [&str; 9] = [
    "timeout",
    "cost_limit",
    "concurrency",
    "on_conflict",
    "members",
    "mode",
    "budget",
    "deliver",
    "queue",
];

/// Keys of a step.
pub(crate) const STEP: [&str; 19] = [
    "id",
    "run",
    "command",
    "argv",
    "sleep",
    "env",
    "cwd",
    "stdin",
    "when",
    "condition",
    "needs",
    "retry",
    "timeout",
    "timeout_ms",
    "on_error",
    "idempotent",
    "on_lost",
    "output",
    "approval",
];

/// Keys of a step that are refused rather than ignored.
pub(crate) const STEP_LATER: [&str; 25] = [
    "pipeline",
    "workflow",
    "workflow_args",
    "parallel",
    "for_each",
    "steps",
    "item_var",
    "index_var",
    "batch_size",
    "pause_ms",
    "concurrency",
    "acp",
    "subagent",
    "flow",
    "wait_for",
    "http",
    "llm",
    "input",
    "compensate",
    "queue",
    "cost_limit",
    "retry_on",
    "stop_on",
    "budget",
    "deliver",
];

/// Keys of a step that make no sense at the end of a flow.
pub(crate) const NOT_IN_FINALLY: [&str; 8] =
    ["needs", "sleep", "approval", "on_error", "retry", "idempotent", "on_lost", "output"];

/// Keys of `retry`.
pub(crate) const RETRY: [&str; 7] =
    ["max", "backoff", "delay_ms", "delay", "max_delay_ms", "max_delay", "jitter"];
/// Keys of `retry` that are refused rather than ignored.
pub(crate) const RETRY_LATER: [&str; 2] = ["retry_on", "stop_on"];

/// Keys of `approval`.
pub(crate) const APPROVAL: [&str; 7] =
    ["prompt", "items", "preview", "timeout", "on_timeout", "on_deny", "approvers"];
/// Lobster's identity checks: ignoring one would open a gate to the wrong person.
pub(crate) const APPROVAL_LATER: [&str; 6] = [
    "initiated_by",
    "initiatedBy",
    "required_approver",
    "requiredApprover",
    "require_different_approver",
    "requireDifferentApprover",
];

/// Keys of an argument.
pub(crate) const ARG: [&str; 2] = ["default", "description"];
