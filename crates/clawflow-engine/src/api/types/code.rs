//! Requests and answers of flows that code drives: TaskFlow's bound runtime and ClawFlow's names.
//!
//! None of them names an owner: that is the binding's ([`crate::api::Api::bind_session`]).

use clawflow_core::budget::Budget;
use clawflow_core::delivery::DeliveryState;
use clawflow_core::flow::{Flow, FlowStatus, NotifyPolicy, OnChildrenDone};
use clawflow_core::ids::{TaskId, WaitId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

record!(
    /// Makes a flow that code drives, at revision 0.
    #[derive(Default)]
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
        /// What it may use, its children included.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        budget: Option<Budget>,
        /// The first answer again if this key was used for the same request before (24 h).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        idempotency_key: Option<String>,
    }
);
record!(
    /// A flow, or none.
    #[derive(Default)]
    FlowMaybe {
        /// The flow; `null` if there is none that the caller may see.
        #[serde(default)]
        flow: Option<Flow>,
    }
);
record!(
    /// Names a flow as a bound caller may: by id, key, or its own session key.
    #[derive(Default)]
    FlowResolveRequest {
        /// The token.
        token: String,
    }
);
record!(
    /// Goes on with a parked flow.
    #[derive(Default)]
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
    #[derive(Default)]
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
    #[derive(Default)]
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
    #[derive(Default)]
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
    #[derive(Default)]
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
    #[derive(Default)]
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
    #[derive(Default)]
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
    #[derive(Default)]
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
