//! `inbox.list` and `inbox.ack`: the messages of an owner.

use super::flow_list::{PAGE_DEFAULT, PAGE_MAX};
use super::flow_wait::WAIT_MS_MAX;
use super::{
    Api, ApiError, DeliveryListResponse, InboxAckRequest, InboxAckResponse, InboxListRequest,
};
use crate::clock::now;
use crate::commit::INBOX;
use clawflow_core::delivery::acknowledge;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A look without a hint: another process may have written.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl Api {
    pub(super) async fn inbox_list(
        &self,
        request: InboxListRequest,
    ) -> Result<DeliveryListResponse, ApiError> {
        let deadline = Instant::now() + Duration::from_millis(request.timeout_ms.min(WAIT_MS_MAX));
        let limit = request.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX);
        let owner = self.scope(request.owner);
        let after = request.after.as_deref().map_or(Ok(0), place)?;
        let watched = format!("{INBOX}{}", owner.as_deref().unwrap_or_default());
        let mut changes = self.engine.changes(&watched);
        loop {
            changes.mark_unchanged();
            let store = self.engine.store();
            let mut found = store.inbox(owner.as_deref(), request.all, after, limit + 1)?;
            if found.is_empty() && Instant::now() < deadline {
                let look = deadline.min(Instant::now() + LOOK_EVERY);
                let _ = timeout_at(look, changes.changed()).await;
                continue;
            }
            let more = found.len() > limit;
            found.truncate(limit);
            let next = found.last().filter(|_| more).and_then(|row| row.place);
            let next = next.map(|place| place.to_string());
            return Ok(DeliveryListResponse { deliveries: found, next });
        }
    }

    pub(super) async fn inbox_ack(
        &self,
        request: InboxAckRequest,
    ) -> Result<InboxAckResponse, ApiError> {
        if request.ids.len() > PAGE_MAX {
            let message = format!("at most {PAGE_MAX} messages at once");
            return Err(ApiError::new("invalid", message));
        }
        // All of them are looked at before any is changed.
        for id in &request.ids {
            acknowledge(&self.find_delivery(id)?, now())?;
        }
        let mut deliveries = Vec::new();
        for id in &request.ids {
            deliveries.push(self.change_delivery(id, &request.by, acknowledge).await?);
        }
        Ok(InboxAckResponse { deliveries })
    }
}

/// A place in the inboxes from its text.
fn place(text: &str) -> Result<u64, ApiError> {
    text.parse().map_err(|_| {
        ApiError::new("bad_request", "`after` is no place in an inbox")
            .hint("take `next` of the page before, or `place` of its last message")
    })
}
