//! Our records of OpenClaw's rows. `docs/import.md` says what becomes of each column.

mod flow;
mod job;
mod record;
mod task;
mod time;

pub use flow::flow;
pub use job::{Job, JobPlace, job};
pub use record::{Row, flow_unit, task_unit};
pub use task::{ReadTask, task};

/// The name of the system in records.
pub const SYSTEM: &str = "openclaw";

/// Columns of `flow_runs` that are read, those of ClawFlow included. `blocked_task_created_at` is
/// that of the task in `blocked_task_id`.
pub const FLOW_COLUMNS: &[&str] = &[
    "flow_id",
    "shape",
    "sync_mode",
    "owner_key",
    "owner_session_key",
    "requester_origin_json",
    "controller_id",
    "revision",
    "status",
    "notify_policy",
    "goal",
    "current_step",
    "blocked_task_id",
    "blocked_task_created_at",
    "blocked_summary",
    "waiting_on_task_id",
    "outputs_json",
    "state_json",
    "wait_json",
    "cancel_requested_at",
    "created_at",
    "updated_at",
    "ended_at",
];

/// Columns of `task_runs` that are read. Those that begin with `flow_` are of the row of
/// `parent_flow_id`, `parent_task_created_at` is of that of `parent_task_id`, and the origin is
/// that of `task_delivery_state`.
pub const TASK_COLUMNS: &[&str] = &[
    "task_id",
    "runtime",
    "task_kind",
    "source_id",
    "requester_session_key",
    "owner_key",
    "scope_kind",
    "child_session_key",
    "parent_flow_id",
    "flow_created_at",
    "flow_status",
    "flow_ended_at",
    "parent_task_id",
    "parent_task_created_at",
    "requester_origin_json",
    "agent_id",
    "run_id",
    "label",
    "task",
    "status",
    "delivery_status",
    "notify_policy",
    "created_at",
    "started_at",
    "ended_at",
    "last_event_at",
    "tool_use_count",
    "error",
    "progress_summary",
    "terminal_summary",
    "terminal_outcome",
];

/// Columns of `cron_jobs` that are read; a job of a file has `job_id` and `job_json` only.
pub const JOB_COLUMNS: &[&str] = &["job_id", "name", "enabled", "agent_id", "job_json"];
