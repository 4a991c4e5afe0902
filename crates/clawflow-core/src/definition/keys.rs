//! The keys of the language: those understood now, and those of a later release.

/// Keys of the file.
pub(crate) const FLOW: [&str; 18] = [
    "name",
    "description",
    "goal",
    "key",
    "on_conflict",
    "timeout",
    "cost_limit",
    "budget",
    "owner",
    "notify",
    "labels",
    "args",
    "env",
    "cwd",
    "steps",
    "finally",
    "queue",
    "concurrency",
];

/// Keys of the file that are refused rather than ignored: they change what a flow does.
pub(crate) const FLOW_LATER: [&str; 3] = ["members", "mode", "deliver"];

/// Keys of a step.
pub(crate) const STEP: [&str; 40] = [
    "id",
    "run",
    "command",
    "argv",
    "pipeline",
    "sleep",
    "input",
    "wait_for",
    "http",
    "llm",
    "acp",
    "flow",
    "workflow",
    "workflow_args",
    "parallel",
    "for_each",
    "steps",
    "item_var",
    "index_var",
    "batch_size",
    "pause_ms",
    "pause",
    "concurrency",
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
    "compensate",
    "queue",
    "budget",
];

/// Keys of a step that are refused rather than ignored.
pub(crate) const STEP_LATER: [&str; 3] = ["subagent", "cost_limit", "deliver"];

/// Keys of a step that make no sense at the end of a flow.
pub(crate) const NOT_IN_FINALLY: [&str; 16] = [
    "compensate",
    "flow",
    "workflow",
    "workflow_args",
    "parallel",
    "for_each",
    "needs",
    "sleep",
    "input",
    "wait_for",
    "approval",
    "on_error",
    "retry",
    "idempotent",
    "on_lost",
    "output",
];
/// Keys of a process, which mean nothing for a step that only waits.
pub(crate) const OF_PROCESS: [&str; 4] = ["retry", "timeout", "timeout_ms", "approval"];

/// Keys of `budget`.
pub(crate) const BUDGET: [&str; 4] = ["tokens", "usd", "turns", "time"];

/// Keys of `cost_limit`.
pub(crate) const COST_LIMIT: [&str; 2] = ["max_usd", "action"];

/// Keys of `retry`.
pub(crate) const RETRY: [&str; 9] = [
    "max",
    "backoff",
    "delay_ms",
    "delay",
    "max_delay_ms",
    "max_delay",
    "jitter",
    "retry_on",
    "stop_on",
];

/// Keys of `approval`.
pub(crate) const APPROVAL: [&str; 13] = [
    "prompt",
    "items",
    "preview",
    "timeout",
    "on_timeout",
    "on_deny",
    "approvers",
    "initiated_by",
    "initiatedBy",
    "required_approver",
    "requiredApprover",
    "require_different_approver",
    "requireDifferentApprover",
];

/// Spellings of who asks at a gate.
pub(crate) const INITIATED_BY: [&str; 2] = ["initiated_by", "initiatedBy"];
/// Spellings of the one who may answer.
pub(crate) const REQUIRED_APPROVER: [&str; 2] = ["required_approver", "requiredApprover"];
/// Spellings of whether the one who asks may not answer.
pub(crate) const DIFFERENT_APPROVER: [&str; 2] =
    ["require_different_approver", "requireDifferentApprover"];

/// Keys of `input`.
pub(crate) const INPUT: [&str; 7] =
    ["prompt", "responseSchema", "schema", "defaults", "timeout", "on_timeout", "approvers"];
/// Keys of `wait_for`.
pub(crate) const WAIT_FOR: [&str; 4] = ["event", "key", "timeout", "on_timeout"];

/// Keys of `http`.
pub(crate) const HTTP: [&str; 6] = ["method", "url", "query", "headers", "body", "expect"];
/// Keys of a header that is a secret.
pub(crate) const SECRET: [&str; 3] = ["env", "file", "prefix"];
/// Keys of `expect`.
pub(crate) const EXPECT: [&str; 2] = ["status", "schema"];
/// Keys of `llm`.
pub(crate) const LLM: [&str; 8] =
    ["endpoint", "model", "system", "prompt", "temperature", "max_tokens", "schema", "corrections"];
/// Keys of `acp`.
pub(crate) const ACP: [&str; 14] = [
    "agent",
    "prompt",
    "stdin",
    "files",
    "schema",
    "corrections",
    "mode",
    "model",
    "session",
    "permissions",
    "mcp",
    "file_access",
    "terminals",
    "on_stop",
];
/// Keys of a server of the Model Context Protocol.
pub(crate) const MCP_SERVER: [&str; 3] = ["name", "command", "env"];
/// Keys of a step that mean something beside `for_each` only.
pub(crate) const OF_LOOP: [&str; 7] =
    ["steps", "item_var", "index_var", "batch_size", "pause_ms", "pause", "concurrency"];
/// Keys of `queue`.
pub(crate) const QUEUE: [&str; 2] = ["name", "priority"];
/// Actions that start a process, which is what a queue limits.
pub(crate) const STARTS: [&str; 7] = ["run", "command", "argv", "pipeline", "http", "llm", "acp"];

/// Keys of `compensate`.
pub(crate) const COMPENSATE: [&str; 11] = [
    "run",
    "command",
    "argv",
    "http",
    "env",
    "cwd",
    "stdin",
    "timeout",
    "timeout_ms",
    "retry",
    "queue",
];
/// Keys of `parallel`.
pub(crate) const PARALLEL: [&str; 4] = ["wait", "timeout", "timeout_ms", "branches"];
/// Keys that an inner step cannot have.
pub(crate) const NOT_INSIDE: [&str; 4] = ["parallel", "for_each", "needs", "output"];
/// Keys that an inner step of a Lobster file cannot have besides.
pub(crate) const NOT_INSIDE_LOBSTER: [&str; 6] =
    ["approval", "input", "wait_for", "sleep", "flow", "workflow"];

/// Keys of `flow`.
pub(crate) const CHILD_FLOW: [&str; 2] = ["file", "args"];
/// Keys that mean nothing for a step that runs a child flow.
pub(crate) const NOT_OF_CHILD: [&str; 3] = ["stdin", "idempotent", "on_lost"];

/// Keys of an argument.
pub(crate) const ARG: [&str; 2] = ["default", "description"];
