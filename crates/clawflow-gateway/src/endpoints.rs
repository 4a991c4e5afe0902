//! The table of endpoints: router, client and documentation come from it.

use crate::endpoint::{Access, Endpoint, Verb, get, host, post, row};
use crate::host::{GatewayStatus, GatewayStop};
use clawflow_engine::api::{
    FlowAdopt, FlowAnswer, FlowCancel, FlowEvents, FlowList, FlowPause, FlowPurge, FlowRetry,
    FlowRun, FlowSettle, FlowShow, FlowSource, FlowUnpause, FlowWait, FlowWhy, TaskCancel,
    TaskList, TaskLogs, TaskRun, TaskShow,
};

/// Every command and query.
pub static ENDPOINTS: &[Endpoint] = &[
    post::<FlowRun>("/v1/flows", "Starts a flow from a workflow file.").mcp(),
    get::<FlowList>("/v1/flows", "Lists flows.").mcp(),
    get::<FlowShow>("/v1/flows/{flow}", "Shows a flow with steps, waits and tasks.").mcp(),
    get::<FlowWait>("/v1/flows/{flow}/wait", "Waits for news of a flow.").mcp().waits(),
    post::<FlowAdopt>(
        "/v1/flows/{flow}/adopt",
        "Drives a flow in this holder of the home, if it does not yet.",
    ),
    post::<FlowCancel>("/v1/flows/{flow}/cancel", "Cancels a flow.").mcp(),
    post::<FlowAnswer>("/v1/flows/{flow}/answer", "Answers an approval of a flow."),
    post::<FlowSettle>("/v1/flows/{flow}/settle", "Settles a step whose outcome is in doubt."),
    post::<FlowPause>("/v1/flows/{flow}/pause", "Holds back every start of a flow.").mcp(),
    post::<FlowUnpause>("/v1/flows/{flow}/unpause", "Allows starts again.").mcp(),
    post::<FlowRetry>(
        "/v1/flows/{flow}/retry",
        "Makes a new flow from an ended one, with its recorded results.",
    )
    .mcp(),
    get::<FlowWhy>("/v1/flows/{flow}/why", "Says why a flow stands where it stands.").mcp(),
    get::<FlowSource>(
        "/v1/flows/{flow}/source",
        "Shows the workflow file that a flow was made from.",
    )
    .mcp(),
    get::<FlowEvents>("/v1/events", "Lists the history of a flow, a task or all.").mcp(),
    row::<FlowPurge>(Verb::Post, "/v1/purge", Access::Admin, "Deletes ended flows."),
    post::<TaskRun>("/v1/tasks", "Runs a command as a task of its own.").mcp(),
    get::<TaskList>("/v1/tasks", "Lists tasks.").mcp(),
    get::<TaskShow>("/v1/tasks/{task}", "Shows a task.").mcp(),
    get::<TaskLogs>("/v1/tasks/{task}/logs", "Reads a log of a task.").mcp().waits(),
    post::<TaskCancel>("/v1/tasks/{task}/cancel", "Stops a task.").mcp(),
    host::<GatewayStatus>(
        Verb::Get,
        "/v1/status",
        Access::Read,
        "Says who holds the home and how much runs.",
    ),
    host::<GatewayStop>(
        Verb::Post,
        "/v1/stop",
        Access::Admin,
        "Stops the gateway; running tasks go on.",
    ),
];

/// Paths that answer with a word instead of JSON, for probes, and what they say.
pub static PROBES: &[(&str, &str)] = &[
    ("/healthz", "Whether the server answers at all: always `ok`."),
    ("/readyz", "Whether it takes requests: `ok`, or 503 while it stops."),
];

/// The row of the call with this name.
pub(crate) fn by_name(name: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|row| row.name == name)
}
