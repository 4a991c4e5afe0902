//! The rows, and the store around them.

use crate::error::StoreError;
use crate::query::{
    Due, EventFilter, FlowBundle, FlowCounts, FlowFilter, FlowRow, TaskFilter, Work,
};
use crate::store::{Receipt, Store};
use clawflow_core::Millis;
use clawflow_core::event::StoredEvent;
use clawflow_core::flow::Flow;
use clawflow_core::ids::{FlowId, TaskId, WaitId};
use clawflow_core::spec::FlowSpec;
use clawflow_core::step::Step;
use clawflow_core::task::Task;
use clawflow_core::unit::Unit;
use clawflow_core::wait::Wait;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

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
    pub(super) flow_tasks: BTreeMap<FlowId, BTreeSet<TaskId>>,
    pub(super) waits: BTreeMap<WaitId, Arc<Wait>>,
    pub(super) flow_waits: BTreeMap<FlowId, BTreeSet<WaitId>>,
    /// By subject, then number.
    pub(super) events: BTreeMap<String, BTreeMap<u64, StoredEvent>>,
    /// Where each event is, by seq.
    pub(super) feed: BTreeMap<u64, (String, u64)>,
    /// The newest seq.
    pub(super) seq: u64,
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
    fn rows(&self) -> MutexGuard<'_, Rows> {
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

    fn next_epoch(&self) -> Result<u64, StoreError> {
        let mut rows = self.rows();
        rows.epoch += 1;
        Ok(rows.epoch)
    }

    fn load(&self, flow_id: &FlowId) -> Result<Option<FlowBundle>, StoreError> {
        Ok(self.rows().load(flow_id))
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

    fn steps(&self, flow_id: &FlowId) -> Result<Vec<Step>, StoreError> {
        Ok(self.rows().steps_of(flow_id))
    }

    fn task(&self, task_id: &TaskId) -> Result<Option<Arc<Task>>, StoreError> {
        Ok(self.rows().tasks.get(task_id).cloned())
    }

    fn find_tasks(&self, token: &str) -> Result<Vec<Task>, StoreError> {
        Ok(self.rows().find_tasks(token))
    }

    fn list_tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>, StoreError> {
        Ok(self.rows().list_tasks(filter))
    }

    fn events(&self, filter: &EventFilter) -> Result<Vec<StoredEvent>, StoreError> {
        Ok(self.rows().list_events(filter))
    }

    fn last_event(&self, subject: &str) -> Result<u64, StoreError> {
        Ok(self.rows().newest(subject))
    }

    fn work(&self, only: Option<&FlowId>) -> Result<Work, StoreError> {
        Ok(self.rows().work(only))
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
