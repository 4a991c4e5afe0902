//! The table of endpoints: router, client and documentation come from it.

use crate::endpoint::{Access, Endpoint, Verb, get, host, post, row};
use crate::host::{GatewayStatus, GatewayStop};
use clawflow_engine::api::{
    AgentSpawn, AuditRun, DeliveryDismiss, DeliveryList, DeliveryRedeliver, FlowAdopt, FlowAnswer,
    FlowAppendOutput, FlowBudget, FlowCancel, FlowCreate, FlowEmit, FlowEvents, FlowFail,
    FlowFindLatest, FlowFinish, FlowFork, FlowGet, FlowList, FlowPause, FlowPurge,
    FlowRequestCancel, FlowResolve, FlowResume, FlowRetry, FlowRun, FlowRunTask, FlowSetOutput,
    FlowSetWaiting, FlowSettle, FlowShow, FlowSource, FlowSummary, FlowUnpause, FlowWait, FlowWhy,
    ImportOpenclaw, InboxAck, InboxList, MaintenanceSweep, QueueList, ScheduleAdd, ScheduleDisable,
    ScheduleEdit, ScheduleEnable, ScheduleList, ScheduleNext, ScheduleRemove, ScheduleRunNow,
    ScheduleRuns, ScheduleShow, ScheduleStatus, SignalSend, TaskCancel, TaskList, TaskLogs,
    TaskNotify, TaskPurge, TaskRecord, TaskReport, TaskRerun, TaskRun, TaskShow, TaskWait, TaskWhy,
    TokenCreate, TokenList, TokenRevoke,
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
    post::<FlowAnswer>("/v1/flows/{flow}/answer", "Answers an approval of a flow.").mcp(),
    post::<FlowSettle>("/v1/flows/{flow}/settle", "Settles a step whose outcome is in doubt."),
    post::<FlowPause>("/v1/flows/{flow}/pause", "Holds back every start of a flow."),
    post::<FlowUnpause>("/v1/flows/{flow}/unpause", "Allows starts again."),
    post::<FlowBudget>("/v1/flows/{flow}/budget", "Gives a flow another budget."),
    post::<FlowRetry>(
        "/v1/flows/{flow}/retry",
        "Makes a new flow from an ended one, with its recorded results.",
    ),
    post::<FlowFork>(
        "/v1/flows/{flow}/fork",
        "Makes a new flow from a step of another one, with its recorded results.",
    ),
    get::<FlowWhy>("/v1/flows/{flow}/why", "Says why a flow stands where it stands.").mcp(),
    get::<FlowSource>(
        "/v1/flows/{flow}/source",
        "Shows the workflow file that a flow was made from.",
    ),
    get::<FlowEvents>("/v1/events", "Lists the history of a flow, a task or all."),
    get::<AuditRun>("/v1/audit", "Says what is wrong, and what mends it."),
    row::<FlowPurge>(Verb::Post, "/v1/purge", Access::Admin, "Deletes ended flows."),
    row::<TaskPurge>(
        Verb::Post,
        "/v1/tasks/purge",
        Access::Admin,
        "Deletes ended tasks that belong to no flow.",
    ),
    row::<MaintenanceSweep>(
        Verb::Post,
        "/v1/maintenance",
        Access::Admin,
        "Looks after the ledger, or says what would be done.",
    ),
    post::<TaskRun>("/v1/tasks", "Runs a command as a task of its own.").mcp(),
    get::<TaskList>("/v1/tasks", "Lists tasks."),
    get::<TaskShow>("/v1/tasks/{task}", "Shows a task."),
    get::<TaskWhy>("/v1/tasks/{task}/why", "Says why a task stands where it stands."),
    get::<TaskLogs>("/v1/tasks/{task}/logs", "Reads a log of a task.").waits(),
    get::<TaskWait>("/v1/tasks/{task}/wait", "Waits for the end of a task.").mcp().waits(),
    post::<TaskCancel>("/v1/tasks/{task}/cancel", "Stops a task."),
    post::<TaskRerun>("/v1/tasks/{task}/rerun", "Runs the command of an ended task again."),
    post::<AgentSpawn>(
        "/v1/agents/{agent}/spawn",
        "Asks an agent for something, as a sub-agent of the session.",
    ),
    post::<FlowCreate>("/v1/flows/managed", "Makes a flow that code drives.").mcp(),
    get::<FlowGet>("/v1/flows/{flow}/record", "Reads the record of a flow by its id or key."),
    get::<FlowFindLatest>("/v1/latest-flow", "Reads the newest flow of the bound owner."),
    get::<FlowResolve>(
        "/v1/resolve-flow",
        "Finds a flow of the bound owner by id, key or session key.",
    ),
    get::<FlowSummary>("/v1/flows/{flow}/task-summary", "Counts the tasks of a flow."),
    post::<FlowRunTask>("/v1/flows/{flow}/tasks", "Launches or records a child of a flow."),
    post::<FlowSetWaiting>("/v1/flows/{flow}/set-waiting", "Parks a flow until something happens.")
        .mcp(),
    post::<FlowResume>("/v1/flows/{flow}/resume", "Goes on with a parked flow.").mcp(),
    post::<FlowFinish>("/v1/flows/{flow}/finish", "Ends a flow well.").mcp(),
    post::<FlowFail>("/v1/flows/{flow}/fail", "Ends a flow badly.").mcp(),
    post::<FlowRequestCancel>(
        "/v1/flows/{flow}/request-cancel",
        "Records the intent to cancel a flow and lets its children be.",
    ),
    post::<FlowSetOutput>("/v1/flows/{flow}/set-output", "Replaces an output of a flow.").mcp(),
    post::<FlowAppendOutput>(
        "/v1/flows/{flow}/append-output",
        "Makes an output of a flow an array, or extends the array.",
    ),
    post::<FlowEmit>("/v1/flows/{flow}/emit", "Sends the owner of a flow one message."),
    post::<SignalSend>("/v1/signals", "Tells the waiting flows that something has happened.").mcp(),
    post::<TaskReport>("/v1/tasks/{task}/report", "Reports progress or the end of a task."),
    post::<TaskRecord>(
        "/v1/tasks/recorded",
        "Records a task that somebody else runs, or reports about it.",
    ),
    post::<TaskNotify>("/v1/tasks/{task}/notify", "Changes what the owner is told about a task."),
    get::<InboxList>("/v1/inbox", "Lists the messages of an inbox.").mcp().waits(),
    post::<InboxAck>("/v1/inbox/ack", "Acknowledges messages."),
    get::<DeliveryList>("/v1/deliveries", "Lists messages on all routes."),
    post::<DeliveryRedeliver>("/v1/deliveries/{delivery}/redeliver", "Sends messages once more."),
    post::<DeliveryDismiss>("/v1/deliveries/{delivery}/dismiss", "Gives messages up."),
    get::<QueueList>("/v1/queues", "Lists the queues, with who runs and who waits in them."),
    row::<ImportOpenclaw>(
        Verb::Post,
        "/v1/import/openclaw",
        Access::Admin,
        "Takes over rows of OpenClaw's ledger.",
    ),
    post::<ScheduleAdd>("/v1/schedules", "Makes a schedule."),
    get::<ScheduleList>("/v1/schedules", "Lists schedules."),
    get::<ScheduleStatus>("/v1/schedule-status", "Says whether schedules fire."),
    get::<ScheduleRuns>("/v1/schedule-runs", "Lists runs of schedules."),
    get::<ScheduleShow>("/v1/schedules/{schedule}", "Shows a schedule with its open runs."),
    post::<ScheduleEdit>("/v1/schedules/{schedule}/edit", "Changes a schedule."),
    post::<ScheduleEnable>("/v1/schedules/{schedule}/enable", "Lets a schedule fire again."),
    post::<ScheduleDisable>("/v1/schedules/{schedule}/disable", "Lets a schedule fire no more."),
    post::<ScheduleRemove>(
        "/v1/schedules/{schedule}/remove",
        "Deletes a schedule with its history; what runs goes on.",
    ),
    post::<ScheduleRunNow>("/v1/schedules/{schedule}/run", "Fires a schedule now."),
    get::<ScheduleNext>("/v1/schedules/{schedule}/next", "Tells the slots of a schedule to come."),
    row::<TokenCreate>(Verb::Post, "/v1/tokens", Access::Admin, "Makes an access token."),
    row::<TokenList>(Verb::Get, "/v1/tokens", Access::Admin, "Lists access tokens."),
    row::<TokenRevoke>(
        Verb::Post,
        "/v1/tokens/{token}/revoke",
        Access::Admin,
        "Revokes an access token.",
    ),
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
