//! The one way to the store: a unit is committed, then whoever waits for it is told.

use crate::engine::Engine;
use clawflow_core::delivery::{DeliveryState, RouteKind};
use clawflow_core::unit::Unit;
use clawflow_store::{ApplyError, StoreError};

/// What watchers of an inbox look at: the inbox of one owner, or `inbox:` for all of them.
pub(crate) const INBOX: &str = "inbox:";

/// Who is told of a unit once it is on disk.
struct Told {
    inboxes: Vec<String>,
    owes: bool,
}

impl Told {
    fn of(unit: &Unit) -> Self {
        let rows = || unit.deliveries.iter().map(|change| &change.row);
        let inbox = rows().filter(|row| row.route == RouteKind::Inbox);
        let mut inboxes: Vec<String> = inbox.map(|row| row.owner_key.clone()).collect();
        inboxes.dedup();
        Self { inboxes, owes: rows().any(|row| row.state == DeliveryState::Pending) }
    }
}

impl Engine {
    /// Commits a unit, and returns once it is on disk.
    ///
    /// # Errors
    /// Those of the store; nothing was changed.
    pub async fn commit(&self, unit: Unit) -> Result<(), ApplyError> {
        if unit.is_empty() {
            return Ok(());
        }
        let told = Told::of(&unit);
        match self.inner.store.submit(unit).await {
            Ok(applied) => {
                let seq = applied?;
                self.tell(&told, seq);
                Ok(())
            }
            // The writer is gone; what it had not answered is whole or not at all.
            Err(_) => Err(ApplyError::Store(StoreError::Unavailable {
                doing: "committing".to_owned(),
                why: "the writer has stopped".to_owned(),
            })),
        }
    }

    fn tell(&self, told: &Told, seq: u64) {
        self.inner.feed.send_if_modified(|newest| {
            let newer = seq > *newest;
            *newest = (*newest).max(seq);
            newer
        });
        for owner in &told.inboxes {
            self.changed(&format!("{INBOX}{owner}"), false);
        }
        if !told.inboxes.is_empty() {
            self.changed(INBOX, false);
        }
        if told.owes {
            self.inner.delivery_hint.notify_one();
        }
    }

    /// Waits until a message may be owed that was not before: a hint to look at what is due. One
    /// hint is kept while nobody waits.
    pub async fn deliveries_owed(&self) {
        self.inner.delivery_hint.notified().await;
    }
}
