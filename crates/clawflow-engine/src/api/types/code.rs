//! Requests and answers of flows that code drives: TaskFlow's bound runtime and ClawFlow's names.
//!
//! None of them names an owner: that is the binding's ([`crate::api::Api::bind_session`]).

use clawflow_core::Millis;
use clawflow_core::delivery::DeliveryState;
use clawflow_core::flow::{Flow, FlowStatus, NotifyPolicy, OnChildrenDone};
use clawflow_core::ids::{TaskId, WaitId};
use clawflow_core::task::{Runtime, Task, TaskStatus, TerminalOutcome, Usage};
use clawflow_core::wait::{OnResolved, OnTimeout};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

record!(
    /// Makes a flow that code drives, at revision 0.
    FlowCreateRequest {
        /// Who decides about it.
        controller_id: String,
        /// What it is for; not blank.
        goal: String,
        /// Human name, unique among live flows of the owner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// With `key`: take the live flow that has it instead of refusing.
        #[serde(default)]
        join: bool,
        /// `queued` (default), `running`, `waiting` or `blocked`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<FlowStatus>,
        /// What the owner is told; `done_only` if nothing is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        notify_policy: Option<NotifyPolicy>,
        /// What happens when its children end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_children_done: Option<OnChildrenDone>,
        /// The step at work, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        current_step: Option<String>,
        /// The controller's state; `null` is a value.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "clawflow_core::json::present"
        )]
        state_json: Option<Value>,
        /// The controller's note of what it waits for; `null` is a value.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "clawflow_core::json::present"
        )]
        wait_json: Option<Value>,
        /// Free labels.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        labels: BTreeMap<String, String>,
        /// The first answer again if this key was used for the same request before (24 h).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        idempotency_key: Option<String>,
    }
);
record!(
    /// A flow, or none.
    FlowMaybe {
        /// The flow; `null` if there is none that the caller may see.
        #[serde(default)]
        flow: Option<Flow>,
    }
);
record!(
    /// Names a flow as a bound caller may: by id, key, or its own session key.
    FlowResolveRequest {
        /// The token.
        token: String,
    }
);
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
        /// Directory of the command; absolute. The home directory of the gateway's user, if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cwd: Option<String>,
        /// Environment of the command, added to the gateway's `PATH`, `HOME`, `USER`, `LANG`, `TMPDIR`.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        env: BTreeMap<String, String>,
        /// Limit on the run of the command, in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_ms: Option<u64>,
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
/// What a flow waits for, so that the engine acts when it is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[serde(deny_unknown_fields)]
pub enum WaitFor {
    /// A point in time: one of the two.
    Timer {
        /// When.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Millis>,
        /// In how many milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_ms: Option<u64>,
    },
    /// A signal of the owner.
    Event {
        /// Its name.
        name: String,
        /// Its key; any, if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
    },
    /// A person's yes or no, or any JSON.
    Person {
        /// What is asked.
        prompt: String,
        /// What is shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        preview: Option<String>,
        /// Whether any JSON is asked for instead of yes or no.
        #[serde(default)]
        input: bool,
        /// Who may answer; empty: anybody who may operate the flow.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        approvers: Vec<String>,
    },
    /// The end of one of its tasks.
    Task {
        /// The task.
        task_id: TaskId,
    },
}

record!(
    /// Parks a flow: blocked if a blocker is given, else waiting. Older waits of the flow are closed.
    FlowSetWaitingRequest {
        /// The flow.
        flow: String,
        /// The revision that it was decided on; without one it is decided on the newest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_revision: Option<u64>,
        /// The step at work, for people; `null` clears it.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "clawflow_core::json::double"
        )]
        current_step: Option<Option<String>>,
        /// The controller's state; `null` is a value.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "clawflow_core::json::present"
        )]
        state_json: Option<Value>,
        /// The controller's note of what it waits for; `null` is a value.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "clawflow_core::json::present"
        )]
        wait_json: Option<Value>,
        /// The task that blocks it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blocked_task_id: Option<TaskId>,
        /// Why it is blocked, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blocked_summary: Option<String>,
        /// What the engine waits for on behalf of the flow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait_for: Option<WaitFor>,
        /// What its resolution does: `resume` (default) or `tell`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_resolved: Option<OnResolved>,
        /// Until when; also without `waitFor`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline_at: Option<Millis>,
        /// Until when, in milliseconds from now; instead of `deadlineAt`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline_ms: Option<u64>,
        /// What happens then: `continue` (default: the flow goes on), `fail` or `cancel`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_deadline: Option<OnTimeout>,
    }
);
record!(
    /// The flow, and the wait that was made.
    FlowWaitingResponse {
        /// The flow.
        #[serde(flatten)]
        flow: Flow,
        /// The wait, if the engine waits for something.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait_id: Option<WaitId>,
    }
);
record!(
    /// Goes on with a parked flow.
    FlowResumeRequest {
        /// The flow.
        flow: String,
        /// The revision that it was decided on; without one it is decided on the newest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_revision: Option<u64>,
        /// `running` (default) or `queued`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<FlowStatus>,
        /// The step at work, for people; `null` clears it.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "clawflow_core::json::double"
        )]
        current_step: Option<Option<String>>,
        /// The controller's state; `null` is a value.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "clawflow_core::json::present"
        )]
        state_json: Option<Value>,
    }
);
record!(
    /// Ends a flow well.
    FlowFinishRequest {
        /// The flow.
        flow: String,
        /// The revision that it was decided on; without one it is decided on the newest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_revision: Option<u64>,
        /// The step at work, for people; `null` clears it.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "clawflow_core::json::double"
        )]
        current_step: Option<Option<String>>,
        /// The controller's state; `null` is a value.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "clawflow_core::json::present"
        )]
        state_json: Option<Value>,
    }
);
record!(
    /// Ends a flow badly.
    FlowFailRequest {
        /// The flow.
        flow: String,
        /// The revision that it was decided on; without one it is decided on the newest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_revision: Option<u64>,
        /// The step at work, for people; `null` clears it.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "clawflow_core::json::double"
        )]
        current_step: Option<Option<String>>,
        /// The controller's state; `null` is a value.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "clawflow_core::json::present"
        )]
        state_json: Option<Value>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// The task that is to blame.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blocked_task_id: Option<TaskId>,
        /// Why, for people; as `error`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        blocked_summary: Option<String>,
    }
);
record!(
    /// Records the intent to cancel and lets the children be; the flow ends once none is active.
    FlowRequestCancelRequest {
        /// The flow.
        flow: String,
        /// The revision that it was decided on; without one it is decided on the newest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_revision: Option<u64>,
        /// Why.
        #[serde(default)]
        reason: String,
        /// The step at work, for people; `null` clears it.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "clawflow_core::json::double"
        )]
        current_step: Option<Option<String>>,
        /// The controller's state; `null` is a value.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "clawflow_core::json::present"
        )]
        state_json: Option<Value>,
        /// The controller's note of what it waits for; `null` is a value.
        #[serde(
            default,
            skip_serializing_if = "Option::is_none",
            deserialize_with = "clawflow_core::json::present"
        )]
        wait_json: Option<Value>,
    }
);
record!(
    /// Replaces an output of a flow.
    FlowSetOutputRequest {
        /// The flow.
        flow: String,
        /// The revision that it was decided on; without one it is decided on the newest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_revision: Option<u64>,
        /// Its name; not blank.
        name: String,
        /// Its value.
        value: Value,
    }
);
record!(
    /// Makes an output an array, or extends the array.
    FlowAppendOutputRequest {
        /// The flow.
        flow: String,
        /// The revision that it was decided on; without one it is decided on the newest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_revision: Option<u64>,
        /// Its name; not blank.
        name: String,
        /// The new element.
        value: Value,
    }
);
record!(
    /// Sends the owner one message.
    FlowEmitRequest {
        /// The flow.
        flow: String,
        /// The message; not blank.
        content: String,
        /// Sent once per flow and key; each call is a message of its own, if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event_key: Option<String>,
        /// More, for programs.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        data: Value,
        /// The step at work, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        current_step: Option<String>,
        /// The first answer again if this key was used for the same request before (24 h).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        idempotency_key: Option<String>,
    }
);
record!(
    /// The message and where it stands.
    FlowEmitResponse {
        /// The flow.
        flow: Flow,
        /// How far it came with this call.
        delivery: DeliveryState,
        /// One per route; empty if it was sent before.
        delivery_ids: Vec<String>,
    }
);
record!(
    /// Tells the waiting flows of the owner that something has happened.
    SignalRequest {
        /// Its name.
        name: String,
        /// Its key; only waits for this key, or for any, take it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// What it carries.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        payload: Value,
        /// Only this flow may take it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow: Option<String>,
        /// The first answer again if this key was used for the same request before (24 h).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        idempotency_key: Option<String>,
    }
);
record!(
    /// Who took it.
    SignalResponse {
        /// The waits that it resolved.
        waits: Vec<WaitId>,
        /// Their flows.
        flows: Vec<String>,
        /// Whether nobody waited and it is kept for the first who will.
        kept: bool,
    }
);
record!(
    /// Reports progress or the end of a task that its caller runs.
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
        /// What it has used so far.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
    }
);
