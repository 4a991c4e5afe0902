//! The delivery record, and the routes that messages take.

use crate::Millis;
use crate::flow::Origin;
use crate::ids::{DeliveryId, FlowId, TaskId};
use crate::text_enum::text_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

text_enum!(
    /// How a message reaches its owner.
    RouteKind {
        /// The durable queue of the owner's session key.
        Inbox = "inbox",
        /// An HTTP request, signed as Standard Webhooks says.
        Webhook = "webhook",
        /// A command that gets the message on its standard input.
        Command = "command",
    }
);

text_enum!(
    /// Where a delivery stands.
    DeliveryState {
        /// Owed; the next try is at `dueAt`.
        Pending = "pending",
        /// The receiver has taken it.
        Delivered = "delivered",
        /// It lies in the owner's inbox.
        SessionQueued = "session_queued",
        /// The owner has acknowledged it.
        Acknowledged = "acknowledged",
        /// Given up; the inbox has it instead.
        Failed = "failed",
        /// Dropped by a person.
        Dismissed = "dismissed",
    }
);

/// A route of an owner, as configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// How.
    pub kind: RouteKind,
    /// Its name in the configuration; empty for the inbox.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Whose messages take it: an owner key; `*` stands for any text.
    pub owner: String,
}

/// One message on one route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// Its id; ids of one owner sort by creation.
    pub delivery_id: DeliveryId,
    /// +1 per change of this row.
    pub version: u64,
    /// Session key of the owner.
    pub owner_key: String,
    /// The flow that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<FlowId>,
    /// The task that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
    /// What happened: `flow.ended`, `flow.changed`, `flow.update`, `task.ended`,
    /// `schedule.message`, `schedule.disabled`.
    pub kind: String,
    /// The same for every try and route of this message, so that a receiver can make it once.
    /// A second message of the owner with the same key on the same route is none.
    pub idempotency_key: String,
    /// The message, for people.
    pub content: String,
    /// The message, for programs.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
    /// Where the request came from, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester_origin: Option<Origin>,
    /// How it goes there.
    pub route: RouteKind,
    /// The route's name in the configuration; empty for the inbox.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub route_name: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Tries so far.
    pub attempts: u32,
    /// When it is tried next, while it is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Millis>,
    /// Why the last try failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Creation.
    pub created_at: Millis,
    /// When it was handed over or queued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Millis>,
    /// When it was acknowledged, given up or dismissed: nothing is owed any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Millis>,
    /// Its place in the order of all inboxes, once it lies in one: what comes later has a higher
    /// one, and what comes to lie there again gets a new one. The store alone gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<u64>,
}
