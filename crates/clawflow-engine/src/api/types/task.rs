//! Requests and answers about tasks.

use clawflow_core::Millis;
use clawflow_core::task::{Task, TaskStatus};
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
    /// Runs a command as a task of its own.
    #[derive(Default)]
    TaskRunRequest {
        /// Program and arguments.
        argv: Vec<String>,
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
