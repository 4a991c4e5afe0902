//! Carries messages to their receivers: webhooks and commands. (The inbox needs no carrying.)
//!
//! Use: [`Routes::read`], then [`Post::new`] as the engine's courier.
//! Limits: a receiver has the time of its route; an answer's body is read up to 64 KiB.
//! Failure: every failure is told to the engine, which tries again or gives the message to the
//! inbox. Nothing here changes a record.

mod command;
mod guard;
mod routes;
mod sign;
mod webhook;

pub use guard::is_public;
pub use routes::{Entry, Routes, RoutesError, Way};
pub use sign::Secret;

use clawflow_core::delivery::Delivery;
use clawflow_engine::{Carried, Courier, CourierError};
use serde_json::{Value, json};

/// Carries messages along configured routes.
#[derive(Debug)]
pub struct Post {
    routes: Routes,
}

impl Post {
    /// A courier of these routes.
    #[must_use]
    pub fn new(routes: Routes) -> Self {
        Self { routes }
    }

    async fn carry_here(&self, delivery: &Delivery) -> Result<(), CourierError> {
        let name = &delivery.route_name;
        let Some(entry) = self.routes.get(name) else {
            return Err(CourierError::for_good(format!("there is no route `{name}` any more")));
        };
        match &entry.way {
            Way::Webhook { url, secret, allow_private } => {
                webhook::send(entry, url, secret, *allow_private, delivery).await
            }
            Way::Command { argv } => command::run(entry, argv, delivery).await,
        }
    }
}

impl Courier for Post {
    fn carry<'a>(&'a self, delivery: &'a Delivery) -> Carried<'a> {
        Box::pin(self.carry_here(delivery))
    }
}

/// The message as receivers get it. `type` and `timestamp` are those of Standard Webhooks.
fn message(delivery: &Delivery) -> Value {
    json!({
        "type": delivery.kind,
        "timestamp": delivery.created_at,
        "id": delivery.idempotency_key,
        "deliveryId": delivery.delivery_id,
        "ownerKey": delivery.owner_key,
        "flowId": delivery.flow_id,
        "taskId": delivery.task_id,
        "content": delivery.content,
        "requesterOrigin": delivery.requester_origin,
        "data": delivery.data,
    })
}
