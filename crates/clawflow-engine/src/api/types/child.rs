//! Requests and answers about children of flows that code drives.

use clawflow_core::Millis;
use clawflow_core::acp::AcpRequest;
use clawflow_core::budget::Budget;
use clawflow_core::flow::{Flow, NotifyPolicy};
use clawflow_core::ids::TaskId;
use clawflow_core::task::{Exit, Runtime, Task, TaskStatus, TerminalOutcome, Usage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

record!(
    /// Adds a child: launches a command, or records one that the caller runs.
    FlowRunTaskRequest {
        /// The flow.
        flow: String,
        /// What executes it.
        runtime: Runtime,
        /// What it is to do, for people.
        task: String,
        /// Program and arguments to launch, with runtime `cli`. Without it the child is recorded.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        command: Vec<String>,
        /// A coding agent that is asked, with runtime `acp`; its prompt is `task`, if it has none
        /// of its own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        acp: Option<AcpRequest>,
        /// Directory of the command or agent; absolute. The home directory of the gateway's user,
        /// if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cwd: Option<String>,
        /// Environment of the command, added to the gateway's `PATH`, `HOME`, `USER`, `LANG` and
        /// `TMPDIR`.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        env: BTreeMap<String, String>,
        /// Limit on the run of the command, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_ms: Option<u64>,
        /// What it may use; it is stopped when that is used up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        budget: Option<Budget>,
        /// Of a recorded child: `queued` (default) or `running`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<TaskStatus>,
        /// The run: the same one means the same task within owner, flow and runtime.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run_id: Option<String>,
        /// Session of the child, for agents.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        child_session_key: Option<String>,
        /// Schedule or tool that caused it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source_id: Option<String>,
        /// The attempt that it retries.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent_task_id: Option<TaskId>,
        /// Agent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent_id: Option<String>,
        /// Short name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        label: Option<String>,
        /// What the owner is told of it; nothing, if absent: the flow tells.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notify_policy: Option<NotifyPolicy>,
        /// Of a recorded, running child: since when.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        started_at: Option<Millis>,
        /// Of a recorded, running child: its last sign of life.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_event_at: Option<Millis>,
        /// Of a recorded, running child: its last line of progress.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        progress_summary: Option<String>,
        /// Whether the flow waits for it from now on, in the same unit: ClawFlow's `runTaskInFlow`.
        #[serde(default, rename = "await")]
        wait: bool,
        /// With `await`: the step at work; else the flow's own, else `wait_for_task`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        current_step: Option<String>,
        /// The first answer again if this key was used for the same request before (24 h).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        idempotency_key: Option<String>,
    }
);

impl FlowRunTaskRequest {
    /// Launches a command as a child of a flow.
    pub fn launch<A: Into<String>>(
        flow: &str,
        task: &str,
        command: impl IntoIterator<Item = A>,
    ) -> Self {
        let command = command.into_iter().map(Into::into).collect();
        Self { command, ..Self::record(flow, Runtime::Cli, task) }
    }

    /// Records a child that the caller runs.
    #[must_use]
    pub fn record(flow: &str, runtime: Runtime, task: &str) -> Self {
        Self {
            flow: flow.to_owned(),
            runtime,
            task: task.to_owned(),
            command: Vec::new(),
            acp: None,
            cwd: None,
            env: BTreeMap::new(),
            timeout_ms: None,
            budget: None,
            status: None,
            run_id: None,
            child_session_key: None,
            source_id: None,
            parent_task_id: None,
            agent_id: None,
            label: None,
            notify_policy: None,
            started_at: None,
            last_event_at: None,
            progress_summary: None,
            wait: false,
            current_step: None,
            idempotency_key: None,
        }
    }
}

record!(
    /// The child, or why there is none.
    FlowRunTaskResponse {
        /// Whether there is such a child now.
        created: bool,
        /// Whether the flow was found.
        found: bool,
        /// Why there is none, for programs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Why there is none, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The flow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow: Option<Flow>,
        /// The child.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<Task>,
    }
);
record!(
    /// Reports progress or the end of a task that its caller runs; of one that the engine runs,
    /// progress and use only.
    #[derive(Default)]
    TaskReportRequest {
        /// The task.
        task: String,
        /// Where it stands; as it was, if absent.
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
