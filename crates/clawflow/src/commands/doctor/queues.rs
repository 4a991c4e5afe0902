//! Whether something waits in a queue that is not configured any more: nothing limits it.

use super::finding::Finding;
use clawflow_core::subagent::QUEUE;
use clawflow_core::task::TaskStatus;
use clawflow_engine::api::{QueueList, QueueListRequest};
use clawflow_gateway::Client;
use clawflow_store::{Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};

/// Asks the holder. One that cannot answer was told of before.
pub(super) async fn at_holder(client: &Client) -> Option<Finding> {
    let request = QueueListRequest { limit: Some(0), ..QueueListRequest::default() };
    let found = client.call::<QueueList>(&request).await.ok()?;
    finding(found.queues.into_iter().filter(|queue| !queue.configured).map(|queue| queue.name))
}

/// Looks into the store.
pub(super) fn in_store<Q>(
    store: &impl Store,
    configured: &BTreeMap<String, Q>,
) -> Result<Option<Finding>, StoreError> {
    let waiting = store.tasks_in_queues(TaskStatus::Queued)?;
    let named = waiting.into_iter().filter_map(|task| task.queue);
    // Sub-agents have a queue without a section.
    let known = |name: &String| name == QUEUE || configured.contains_key(name);
    Ok(finding(named.filter(|name| !known(name))))
}

fn finding(gone: impl Iterator<Item = String>) -> Option<Finding> {
    let gone: Vec<String> = gone.collect::<BTreeSet<_>>().into_iter().collect();
    if gone.is_empty() {
        return None;
    }
    let message = format!("not configured any more, and limit nothing: {}", gone.join(", "));
    let hint = format!("add [queues.{}] to the configuration and restart the gateway", gone[0]);
    Some(Finding::warn("queues", message, &hint))
}
