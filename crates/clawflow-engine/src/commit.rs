//! The one way to the store: a unit is committed, then whoever waits for it is told.

use crate::engine::{Engine, Scope};
use crate::feed::{Mark, Recent};
use crate::groups::GroupNews;
use crate::schedules::{ends_of, other_ends_of};
use clawflow_core::delivery::{DeliveryState, RouteKind};
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::unit::Unit;
use clawflow_store::{ApplyError, Receipt, StoreError};
use tokio::runtime::Handle;

/// What watchers of an inbox look at: the inbox of one owner, or `inbox:` for all of them.
pub(crate) const INBOX: &str = "inbox:";

/// Who is told of a unit once it is on disk.
#[derive(Default)]
struct Told {
    inboxes: Vec<String>,
    owes: bool,
    ends: Vec<String>,
    /// Flows that have ended, and that a run may have joined.
    others: Vec<FlowId>,
    reschedules: bool,
    events: Vec<Mark>,
    /// Tasks that have ended, or never began, and have a place in a line or a queue.
    over: Vec<TaskId>,
    /// What groups watch may have changed.
    groups: GroupNews,
    /// Sub-agents that are to stop: what they have begun is stopped too.
    cancelled: Vec<String>,
}

impl Told {
    fn of(unit: &Unit, recent: &Recent) -> Self {
        let rows = || unit.deliveries.iter().map(|change| &change.row);
        let inbox = rows().filter(|row| row.route == RouteKind::Inbox);
        let mut inboxes: Vec<String> = inbox.map(|row| row.owner_key.clone()).collect();
        inboxes.dedup();
        let owes = rows().any(|row| row.state == DeliveryState::Pending);
        let ended = unit.tasks.iter().map(|change| &change.row).filter(|task| {
            task.status.is_terminal() && (task.queue.is_some() || task.started_at.is_none())
        });
        let over = ended.map(|task| task.task_id.clone()).collect();
        let (ends, others) = (ends_of(unit), other_ends_of(unit));
        let reschedules = !ends.is_empty() || !unit.schedules.is_empty();
        let (groups, events) = (GroupNews::of(unit), recent.marks(unit));
        let cancelled = Engine::cancelled_sessions(unit);
        Self { inboxes, owes, ends, others, reschedules, events, over, groups, cancelled }
    }
}

/// A unit that was handed over. Who commits may give up waiting; what it brings about is told all
/// the same.
struct UnderWay<'e> {
    engine: &'e Engine,
    told: Told,
    receipt: Option<Receipt>,
}

impl UnderWay<'_> {
    /// The answer of the store, told if it is a good one; `None`, if there will be none.
    async fn answer(mut self) -> Option<Result<u64, ApplyError>> {
        let answer = self.receipt.as_mut()?.await;
        self.receipt = None;
        if let Ok(Ok(seq)) = &answer {
            self.engine.tell(&self.told, *seq);
        }
        answer.ok()
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let (Some(receipt), Ok(runtime)) = (self.receipt.take(), Handle::try_current()) else {
            return;
        };
        let (engine, told) = (self.engine.clone(), std::mem::take(&mut self.told));
        runtime.spawn(async move {
            if let Ok(Ok(seq)) = receipt.await {
                engine.tell(&told, seq);
            }
        });
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
        self.commit_with_groups(unit).await
    }

    /// As [`Engine::commit`], whatever it means for groups.
    pub(crate) async fn commit_alone(&self, unit: Unit) -> Result<(), ApplyError> {
        let told = Told::of(&unit, &self.inner.recent);
        let receipt = Some(self.inner.store.submit(unit));
        match (UnderWay { engine: self, told, receipt }).answer().await {
            Some(answer) => answer.map(|_| ()),
            // The writer is gone; what it had not answered is whole or not at all.
            None => Err(ApplyError::Store(StoreError::Unavailable {
                doing: "committing".to_owned(),
                why: "the writer has stopped".to_owned(),
            })),
        }
    }

    fn tell(&self, told: &Told, seq: u64) {
        if !told.events.is_empty() {
            self.inner.recent.add(&told.events, seq);
            self.inner.feed.send_modify(|newest| *newest = (*newest).max(seq));
        }
        self.inner.groups.note(&told.groups);
        if !told.over.is_empty() {
            self.free_places(&told.over);
        }
        for owner in &told.inboxes {
            self.changed(&format!("{INBOX}{owner}"), false);
        }
        if !told.inboxes.is_empty() {
            self.changed(INBOX, false);
        }
        let ended = &self.inner.ended_work;
        let joined = !told.others.is_empty() && ended.add_joined(&told.others);
        if (told.reschedules || joined) && self.inner.scope == Scope::All {
            ended.add(&told.ends);
            self.inner.schedule_hint.notify_one();
        }
        self.stop_sessions(&told.cancelled);
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
