//! Requests and answers about tasks.

use super::WhyReason;
use clawflow_core::Millis;
use clawflow_core::acp::AcpRequest;
use clawflow_core::budget::Budget;
use clawflow_core::flow::NotifyPolicy;
use clawflow_core::ids::TaskId;
use clawflow_core::task::{Exit, Runtime, Task, TaskStatus, TerminalOutcome, Usage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

record!(
    /// Names one task: by id, part of an id, run id or session key.
    #[derive(Default)]
    TaskRef {
        /// The token.
        task: String,
    }
);
record!(
    /// Which tasks to list.
    #[derive(Default)]
    TaskListRequest {
        /// Only these states; empty: all.
        #[serde(default)]
        status: Vec<TaskStatus>,
        /// Only on these runtimes; empty: all.
        #[serde(default)]
        runtime: Vec<Runtime>,
        /// Only those with this label.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
        /// Only this flow's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow: Option<String>,
        /// Only this owner's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        /// Only those created since.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Millis>,
        /// At most so many (default 50, at most 1000).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
        /// Only those before this id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    }
);
record!(
    /// A page of tasks, newest first.
    TaskListResponse {
        /// The tasks.
        tasks: Vec<Task>,
        /// Where the next page begins, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<String>,
    }
);
record!(
    /// Stops a task.
    #[derive(Default)]
    TaskCancelRequest {
        /// The task.
        task: String,
        /// Why.
        #[serde(default)]
        reason: String,
        /// How long to wait for the end, in milliseconds (at most 60,000).
        #[serde(default)]
        wait_ms: u64,
    }
);
record!(
    /// Purges ended tasks that belong to no flow: the one named, or all that match.
    #[derive(Default)]
    TaskPurgeRequest {
        /// One task.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<String>,
        /// All that ended before this time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended_before: Option<Millis>,
        /// Only these states.
        #[serde(default)]
        status: Vec<TaskStatus>,
        /// Only on these runtimes.
        #[serde(default)]
        runtime: Vec<Runtime>,
        /// Only those with this label.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
        /// Only those of this owner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        /// Only say which.
        #[serde(default)]
        dry_run: bool,
    }
);
record!(
    /// What was purged.
    TaskPurgeResponse {
        /// Ids of the tasks.
        tasks: Vec<String>,
    }
);
record!(
    /// Waits for the end of a task.
    #[derive(Default)]
    TaskWaitRequest {
        /// The task.
        task: String,
        /// How long, in milliseconds (at most 60,000).
        #[serde(default)]
        timeout_ms: u64,
    }
);
record!(
    /// Runs a command as a task of its own.
    #[derive(Default)]
    TaskRunRequest {
        /// Program and arguments; empty where an agent is asked.
        argv: Vec<String>,
        /// What a coding agent is asked, in place of a program.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        acp: Option<AcpRequest>,
        /// Its directory; absolute.
        cwd: String,
        /// Its environment.
        #[serde(default)]
        env: BTreeMap<String, String>,
        /// Short name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
        /// Session key of the owner; a bound caller may leave it out.
        #[serde(default)]
        owner: String,
        /// Limit on its run, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_ms: Option<u64>,
        /// What it may use; it is stopped when that is used up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        budget: Option<Budget>,
        /// The first answer again if this key was used for the same request before (24 h).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        idempotency_key: Option<String>,
    }
);
record!(
    /// Runs the command of an ended task again, as a new task.
    #[derive(Default)]
    TaskRerunRequest {
        /// The task that has ended.
        task: String,
        /// The first answer again if this key was used for the same request before (24 h).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        idempotency_key: Option<String>,
    }
);
record!(
    /// Reads a log of a task.
    #[derive(Default)]
    TaskLogsRequest {
        /// The task.
        task: String,
        /// Standard error instead of standard output.
        #[serde(default)]
        stderr: bool,
        /// From this byte on.
        #[serde(default)]
        offset: u64,
        /// At most so many bytes (default and at most 1 MiB).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<u64>,
        /// How long to wait for more if there is none, in milliseconds (at most 60,000).
        #[serde(default)]
        timeout_ms: u64,
    }
);
record!(
    /// A part of a log.
    TaskLogsResponse {
        /// The bytes as text; invalid UTF-8 is replaced.
        text: String,
        /// Where the next part begins.
        next: u64,
        /// Whether the task has ended and this was all.
        done: bool,
    }
);
record!(
    /// A process of this machine, and since when it is that one.
    #[derive(Default)]
    ProcessId {
        /// Its id.
        pid: u32,
        /// Kernel start time, in clock ticks since boot.
        start_time: u64,
        /// The boot in which it runs.
        boot_id: String,
        /// The host and the namespace of process ids in which it has that id.
        place: String,
    }
);
record!(
    /// Records a task that its caller runs or watches, with what is known of it: also its end.
    TaskRecordRequest {
        /// The id of the task, made by the reporter: the same one is the same task, and this is a
        /// report about it. Without it a new task is recorded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task_id: Option<TaskId>,
        /// What it does, for people.
        task: String,
        /// Short name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
        /// What executes it.
        #[serde(default = "external")]
        runtime: Runtime,
        /// What sort of work it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<String>,
        /// Schedule or tool that caused it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source_id: Option<String>,
        /// The reporter's own id of the run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run_id: Option<String>,
        /// Session key of the owner; a bound caller may leave it out.
        #[serde(default)]
        owner: String,
        /// The flow of code whose child it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow: Option<String>,
        /// Whether it is recorded without the flow where the flow takes no child; its history says
        /// so then.
        #[serde(default)]
        or_alone: bool,
        /// What the owner is told of it; nothing, if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notify_policy: Option<NotifyPolicy>,
        /// The process to follow: when it has gone without a report, the task is settled.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        process: Option<ProcessId>,
        /// Where it stands; running, if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<TaskStatus>,
        /// One line of progress.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        progress_summary: Option<String>,
        /// One line about its end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terminal_summary: Option<String>,
        /// What it really reached, with `succeeded`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        terminal_outcome: Option<TerminalOutcome>,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// When it began.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        started_at: Option<Millis>,
        /// Its last sign of life.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_event_at: Option<Millis>,
        /// When it ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended_at: Option<Millis>,
        /// How its process ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit: Option<Exit>,
        /// What it has used so far.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
    }
);

fn external() -> Runtime {
    Runtime::External
}

impl TaskRecordRequest {
    /// A running task of this sort, with nothing special.
    #[must_use]
    pub fn new(kind: &str, task: impl Into<String>) -> Self {
        Self {
            task_id: None,
            task: task.into(),
            label: None,
            runtime: Runtime::External,
            kind: Some(kind.to_owned()),
            source_id: None,
            run_id: None,
            owner: String::new(),
            flow: None,
            or_alone: false,
            notify_policy: None,
            process: None,
            status: None,
            progress_summary: None,
            terminal_summary: None,
            terminal_outcome: None,
            error: None,
            started_at: None,
            last_event_at: None,
            ended_at: None,
            exit: None,
            usage: None,
        }
    }
}

record!(
    /// Why a task stands where it stands.
    TaskWhyResponse {
        /// The task.
        task: Task,
        /// One sentence.
        summary: String,
        /// What it waits for, one by one.
        reasons: Vec<WhyReason>,
        /// The earliest moment at which it can move by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        earliest: Option<Millis>,
        /// Commands that would move it.
        commands: Vec<String>,
    }
);
