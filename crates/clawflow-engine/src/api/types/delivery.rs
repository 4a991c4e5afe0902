//! Requests and answers about messages that are owed.

use clawflow_core::delivery::{Delivery, DeliveryState};
use clawflow_core::flow::NotifyPolicy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

record!(
    /// Lists the messages of an inbox, in the order in which they came to lie there.
    #[derive(Default)]
    InboxListRequest {
        /// Only of this owner; a bound caller sees its own in any case.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        /// Also those that were acknowledged.
        #[serde(default)]
        all: bool,
        /// At most so many (default 50, at most 1000).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
        /// Only those after this place: the `next` of the page before, or the `place` of the last
        /// message that was seen. What comes later, and what is sent again, has a higher one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
        /// How long to wait for one if there is none, in milliseconds (at most 60,000).
        #[serde(default)]
        timeout_ms: u64,
    }
);
record!(
    /// A page of messages.
    DeliveryListResponse {
        /// The messages.
        deliveries: Vec<Delivery>,
        /// Where the next page begins, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<String>,
    }
);
record!(
    /// Acknowledges messages: the owner has them.
    #[derive(Default)]
    InboxAckRequest {
        /// Their ids; those that are acknowledged already are no error.
        ids: Vec<String>,
        /// Who.
        #[serde(default)]
        by: String,
    }
);
record!(
    /// What is acknowledged now.
    InboxAckResponse {
        /// The messages.
        deliveries: Vec<Delivery>,
    }
);
record!(
    /// Lists deliveries of all routes, newest first.
    #[derive(Default)]
    DeliveryListRequest {
        /// Only of this owner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        /// Only about this flow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow: Option<String>,
        /// Only about this task.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<String>,
        /// Only in these states; empty: all.
        #[serde(default)]
        state: Vec<DeliveryState>,
        /// At most so many (default 50, at most 1000).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
        /// Only those before this id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    }
);
record!(
    /// Names a delivery by id, or all of a task or flow.
    #[derive(Default)]
    DeliveryRef {
        /// A delivery, task or flow.
        delivery: String,
        /// Who asks.
        #[serde(default)]
        by: String,
    }
);
record!(
    /// Changes what the owner is told about a task.
    TaskNotifyRequest {
        /// The task.
        task: String,
        /// What the owner is told.
        notify_policy: NotifyPolicy,
    }
);
