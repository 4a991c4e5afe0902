//! The rows, and the store around them.

use crate::error::StoreError;
use crate::query::{
    DeliveryFilter, Due, EndedTask, EventFilter, FlowBundle, FlowCounts, FlowFilter, FlowRow,
    Owners, TaskCounts, TaskFilter, Work,
};
use crate::schedules::ScheduleStore;
use crate::store::{Receipt, Store};
use crate::upkeep::Upkeep;
use clawflow_core::Millis;
use clawflow_core::delivery::{Delivery, RouteKind};
use clawflow_core::event::StoredEvent;
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::idempotency::Outcome;
use clawflow_core::ids::{
    DeliveryId, FlowId, RunId, ScheduleId, SignalId, TaskId, TokenId, WaitId,
};
use clawflow_core::schedule::{Schedule, ScheduleRun};
use clawflow_core::signal::Signal;
use clawflow_core::spec::FlowSpec;
use clawflow_core::step::Step;
use clawflow_core::task::{Runtime, Task, TaskStatus};
use clawflow_core::token::Token;
use clawflow_core::unit::Unit;
use clawflow_core::wait::Wait;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// What makes a delivery the same as another: owner, idempotency key, route and its name.
pub(super) type Message = (String, String, RouteKind, String);

/// All rows, and what finds them.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) definitions: BTreeMap<String, String>,
    pub(super) flows: BTreeMap<FlowId, Flow>,
    /// (owner, key) of live flows.
    pub(super) live_keys: BTreeMap<(String, String), FlowId>,
    pub(super) specs: BTreeMap<FlowId, FlowSpec>,
    pub(super) steps: BTreeMap<FlowId, BTreeMap<String, Arc<Step>>>,
    pub(super) tasks: BTreeMap<TaskId, Arc<Task>>,
    pub(super) inputs: BTreeMap<TaskId, String>,
    pub(super) flow_tasks: BTreeMap<FlowId, BTreeSet<TaskId>>,
    pub(super) waits: BTreeMap<WaitId, Arc<Wait>>,
    pub(super) flow_waits: BTreeMap<FlowId, BTreeSet<WaitId>>,
    pub(super) deliveries: BTreeMap<DeliveryId, Delivery>,
    /// What was sent, or is to be.
    pub(super) messages: BTreeSet<Message>,
    pub(super) signals: BTreeMap<SignalId, Signal>,
    pub(super) tokens: BTreeMap<TokenId, Token>,
    /// By owner and key.
    pub(super) outcomes: BTreeMap<(String, String), Outcome>,
    pub(super) schedules: BTreeMap<ScheduleId, Schedule>,
    pub(super) runs: BTreeMap<RunId, ScheduleRun>,
    /// By subject, then number.
    pub(super) events: BTreeMap<String, BTreeMap<u64, StoredEvent>>,
    /// Where each event is, by seq.
    pub(super) feed: BTreeMap<u64, (String, u64)>,
    /// The newest seq.
    pub(super) seq: u64,
    /// The newest place in the inboxes.
    pub(super) place: u64,
    pub(super) epoch: u64,
}

/// A ledger in memory. Units are applied at once, in the caller's thread.
#[derive(Debug, Default)]
pub struct MemoryStore {
    /// A plain mutex: nothing that is done under it waits for anything.
    rows: Mutex<Rows>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A unit is checked whole before it is written, so that a panic cannot leave half of one.
    pub(super) fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn submit(&self, unit: Unit) -> Receipt {
        let (answer, receipt) = oneshot::channel();
        // Nobody may be waiting any more.
        let _ = answer.send(self.rows().apply(unit));
        receipt
    }

    fn schedules(&self) -> &dyn ScheduleStore {
        self
    }

    fn upkeep(&self) -> &dyn Upkeep {
        self
    }

    fn next_epoch(&self) -> Result<u64, StoreError> {
        let mut rows = self.rows();
        rows.epoch += 1;
        Ok(rows.epoch)
    }

    fn load(&self, flow_id: &FlowId) -> Result<Option<FlowBundle>, StoreError> {
        Ok(self.rows().load(flow_id))
    }

    fn flow_of_key(&self, owner_key: &str, key: &str) -> Result<Option<Flow>, StoreError> {
        Ok(self.rows().flow_of_key(owner_key, key))
    }

    fn next_in_line(&self, owner_key: &str, key: &str) -> Result<Option<FlowId>, StoreError> {
        Ok(self.rows().next_in_line(owner_key, key))
    }

    fn lines(&self) -> Result<Vec<(String, String)>, StoreError> {
        Ok(self.rows().lines())
    }

    fn latest_flow(&self, owner_key: &str) -> Result<Option<Flow>, StoreError> {
        Ok(self.rows().latest_flow(owner_key))
    }

    fn find_flows(&self, token: &str) -> Result<Vec<Flow>, StoreError> {
        Ok(self.rows().find_flows(token))
    }

    fn list_flows(&self, filter: &FlowFilter) -> Result<Vec<FlowRow>, StoreError> {
        Ok(self.rows().list_flows(filter))
    }

    fn count_flows(&self, owner_key: Option<&str>) -> Result<FlowCounts, StoreError> {
        Ok(self.rows().count_flows(owner_key))
    }

    fn waits(&self, flow_id: &FlowId) -> Result<Vec<Wait>, StoreError> {
        Ok(self.rows().waits_of(flow_id))
    }

    fn wait(&self, wait_id: &WaitId) -> Result<Option<Wait>, StoreError> {
        Ok(self.rows().waits.get(wait_id).map(|wait| Wait::clone(wait)))
    }

    fn definition(&self, hash: &str) -> Result<Option<String>, StoreError> {
        Ok(self.rows().definitions.get(hash).cloned())
    }

    fn open_event_waits(
        &self,
        owner_key: &str,
        name: &str,
        key: Option<&str>,
        flow_id: Option<&FlowId>,
    ) -> Result<Vec<Wait>, StoreError> {
        Ok(self.rows().open_event_waits(owner_key, name, key, flow_id))
    }

    fn steps(&self, flow_id: &FlowId) -> Result<Vec<Step>, StoreError> {
        Ok(self.rows().steps_of(flow_id))
    }

    fn task(&self, task_id: &TaskId) -> Result<Option<Arc<Task>>, StoreError> {
        Ok(self.rows().tasks.get(task_id).cloned())
    }

    fn task_input(&self, task_id: &TaskId) -> Result<Option<String>, StoreError> {
        Ok(self.rows().inputs.get(task_id).cloned())
    }

    fn find_tasks(&self, owner_key: Option<&str>, token: &str) -> Result<Vec<Task>, StoreError> {
        Ok(self.rows().find_tasks(owner_key, token))
    }

    fn list_tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>, StoreError> {
        Ok(self.rows().list_tasks(filter))
    }

    fn task_of_run(
        &self,
        owner_key: &str,
        flow_id: &FlowId,
        runtime: Runtime,
        run_id: &str,
    ) -> Result<Option<Task>, StoreError> {
        Ok(self.rows().task_of_run(owner_key, flow_id, runtime, run_id))
    }

    fn count_tasks(&self, flow_id: &FlowId) -> Result<TaskCounts, StoreError> {
        Ok(self.rows().count_tasks(flow_id))
    }

    fn delivery(&self, delivery_id: &DeliveryId) -> Result<Option<Delivery>, StoreError> {
        Ok(self.rows().deliveries.get(delivery_id).cloned())
    }

    fn deliveries_of_key(&self, owner_key: &str, key: &str) -> Result<Vec<Delivery>, StoreError> {
        let rows = self.rows();
        let sent = |row: &&Delivery| row.owner_key == owner_key && row.idempotency_key == key;
        let mut found: Vec<Delivery> = rows.deliveries.values().filter(sent).cloned().collect();
        found.sort_by(|a, b| {
            let by_route = a.route.as_str().cmp(b.route.as_str());
            by_route.then_with(|| a.route_name.cmp(&b.route_name))
        });
        Ok(found)
    }

    fn list_deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, StoreError> {
        Ok(self.rows().list_deliveries(filter))
    }

    fn inbox(
        &self,
        owner_key: Option<&str>,
        all: bool,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        Ok(self.rows().inbox(owner_key, all, after, limit))
    }

    fn due_deliveries(&self, now: Millis, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        Ok(self.rows().due_deliveries(now, limit))
    }

    fn expire_deliveries(&self, before: Millis) -> Result<u64, StoreError> {
        Ok(self.rows().expire_deliveries(before))
    }

    fn kept_signals(
        &self,
        owner_key: &str,
        name: &str,
        key: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Signal>, StoreError> {
        let rows = self.rows();
        let signals = rows.signals_of(owner_key).filter(|signal| signal.name == name);
        let wanted = signals.filter(|signal| key.is_none() || signal.key.as_deref() == key);
        Ok(wanted.take(limit).cloned().collect())
    }

    fn count_signals(&self, owner_key: &str) -> Result<u64, StoreError> {
        Ok(self.rows().signals_of(owner_key).count() as u64)
    }

    fn oldest_signals(&self, owner_key: &str, limit: usize) -> Result<Vec<Signal>, StoreError> {
        Ok(self.rows().signals_of(owner_key).take(limit).cloned().collect())
    }

    fn signals(&self, after: Option<&SignalId>, limit: usize) -> Result<Vec<Signal>, StoreError> {
        let rows = self.rows();
        let later =
            rows.signals.values().filter(|s| after.is_none_or(|after| s.signal_id > *after));
        Ok(later.take(limit).cloned().collect())
    }

    fn token_by_hash(&self, hash: &str) -> Result<Option<Token>, StoreError> {
        Ok(self.rows().tokens.values().find(|token| token.hash == hash).cloned())
    }

    fn list_tokens(&self) -> Result<Vec<Token>, StoreError> {
        Ok(self.rows().tokens.values().rev().cloned().collect())
    }

    fn find_tokens(&self, token: &str) -> Result<Vec<Token>, StoreError> {
        Ok(self.rows().find_tokens(token))
    }

    fn outcome(&self, owner_key: &str, key: &str) -> Result<Option<Outcome>, StoreError> {
        let place = (owner_key.to_owned(), key.to_owned());
        Ok(self.rows().outcomes.get(&place).cloned())
    }

    fn ended_flows(
        &self,
        status: FlowStatus,
        before: Millis,
        owners: &Owners,
        after: Option<&FlowId>,
        limit: usize,
    ) -> Result<Vec<FlowId>, StoreError> {
        Ok(self.rows().ended_flows((status, before), owners, after, limit))
    }

    fn ended_tasks(
        &self,
        status: TaskStatus,
        before: Millis,
        owners: &Owners,
        after: Option<&TaskId>,
        limit: usize,
    ) -> Result<Vec<EndedTask>, StoreError> {
        Ok(self.rows().ended_tasks((status, before), owners, after, limit))
    }

    fn forget_tasks(&self, task_ids: &[TaskId]) -> Result<u64, StoreError> {
        Ok(self.rows().forget_tasks(task_ids))
    }

    fn expire_outcomes(&self, before: Millis) -> Result<u64, StoreError> {
        Ok(self.rows().expire_outcomes(before))
    }

    fn events(&self, filter: &EventFilter) -> Result<Vec<StoredEvent>, StoreError> {
        Ok(self.rows().list_events(filter))
    }

    fn last_event(&self, subject: &str) -> Result<u64, StoreError> {
        Ok(self.rows().newest(subject))
    }

    fn last_seq(&self) -> Result<u64, StoreError> {
        Ok(self.rows().seq)
    }

    fn work(&self, only: Option<&FlowId>) -> Result<Work, StoreError> {
        Ok(self.rows().work(only))
    }

    fn tasks_in_queues(&self, status: TaskStatus) -> Result<Vec<Task>, StoreError> {
        Ok(self.rows().tasks_in_queues(status))
    }

    fn queue_starts(
        &self,
        queue: &str,
        since: Millis,
        limit: usize,
    ) -> Result<Vec<Millis>, StoreError> {
        Ok(self.rows().queue_starts(queue, since, limit))
    }

    fn due(
        &self,
        now: Millis,
        only: Option<&FlowId>,
        limit: usize,
    ) -> Result<Vec<Due>, StoreError> {
        let mut due = self.rows().timers(only);
        due.retain(|timer| timer.at <= now);
        due.truncate(limit);
        Ok(due)
    }

    fn next_due(&self, only: Option<&FlowId>) -> Result<Option<Millis>, StoreError> {
        Ok(self.rows().timers(only).first().map(|timer| timer.at))
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
}
