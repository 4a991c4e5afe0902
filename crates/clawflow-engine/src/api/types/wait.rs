//! What a flow that code drives waits for.

use clawflow_core::Millis;
use clawflow_core::flow::Flow;
use clawflow_core::ids::{TaskId, WaitId};
use clawflow_core::limits::{APPROVERS_MAX, TEXT_CHARS_MAX};
use clawflow_core::wait::{OnResolved, OnTimeout};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

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
        #[schemars(length(max = APPROVERS_MAX), inner(length(max = TEXT_CHARS_MAX)))]
        approvers: Vec<String>,
    },
    /// The end of one of its tasks.
    Task {
        /// The task.
        task_id: TaskId,
    },
}

record!(
    /// Parks a flow: blocked if a blocker is given, else waiting. Older waits of the flow are
    /// closed.
    #[derive(Default)]
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
