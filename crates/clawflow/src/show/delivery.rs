//! Messages that are owed.

use clawflow_core::delivery::{Delivery, RouteKind};
use clawflow_core::ids::{FlowId, TaskId};

/// The flow or task that the message is about, as tables show ids.
pub(crate) fn about(delivery: &Delivery) -> Option<&str> {
    let task = delivery.task_id.as_ref().map(TaskId::short);
    delivery.flow_id.as_ref().map(FlowId::short).or(task)
}

/// The whole id of the flow or task that the message is about.
pub(crate) fn about_id(delivery: &Delivery) -> Option<&str> {
    let task = delivery.task_id.as_ref().map(TaskId::as_str);
    delivery.flow_id.as_ref().map(FlowId::as_str).or(task)
}

/// How it goes there: `inbox`, `webhook ops`.
pub(crate) fn route(delivery: &Delivery) -> String {
    match (delivery.route, delivery.route_name.as_str()) {
        (RouteKind::Inbox, _) | (_, "") => delivery.route.to_string(),
        (kind, name) => format!("{kind} {name}"),
    }
}
