//! A store that counts how often it is asked for events.

use clawflow_core::Millis;
use clawflow_core::delivery::Delivery;
use clawflow_core::event::StoredEvent;
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::idempotency::Outcome;
use clawflow_core::ids::{DeliveryId, FlowId, SignalId, TaskId, WaitId};
use clawflow_core::signal::Signal;
use clawflow_core::step::Step;
use clawflow_core::task::{Runtime, Task, TaskStatus};
use clawflow_core::token::Token;
use clawflow_core::unit::Unit;
use clawflow_core::wait::Wait;
use clawflow_store::query::{
    DeliveryFilter, Due, EndedTask, EventFilter, FlowBundle, FlowCounts, FlowFilter, FlowRow,
    Owners, TaskCounts, TaskFilter, Work,
};
use clawflow_store::{MemoryStore, Receipt, Store, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A store in memory, and how often it was asked.
#[derive(Default)]
pub(crate) struct Counting {
    below: MemoryStore,
    /// Times that somebody asked for events.
    pub(crate) looks: AtomicUsize,
}

impl Store for Counting {
    fn submit(&self, unit: Unit) -> Receipt {
        self.below.submit(unit)
    }

    fn schedules(&self) -> &dyn clawflow_store::schedules::ScheduleStore {
        self.below.schedules()
    }

    fn upkeep(&self) -> &dyn clawflow_store::upkeep::Upkeep {
        self.below.upkeep()
    }

    fn next_epoch(&self) -> Result<u64, StoreError> {
        self.below.next_epoch()
    }

    fn load(&self, flow_id: &FlowId) -> Result<Option<FlowBundle>, StoreError> {
        self.below.load(flow_id)
    }

    fn find_flows(&self, token: &str) -> Result<Vec<Flow>, StoreError> {
        self.below.find_flows(token)
    }

    fn list_flows(&self, filter: &FlowFilter) -> Result<Vec<FlowRow>, StoreError> {
        self.below.list_flows(filter)
    }

    fn count_flows(&self, owner_key: Option<&str>) -> Result<FlowCounts, StoreError> {
        self.below.count_flows(owner_key)
    }

    fn waits(&self, flow_id: &FlowId) -> Result<Vec<Wait>, StoreError> {
        self.below.waits(flow_id)
    }

    fn wait(&self, wait_id: &WaitId) -> Result<Option<Wait>, StoreError> {
        self.below.wait(wait_id)
    }

    fn definition(&self, hash: &str) -> Result<Option<String>, StoreError> {
        self.below.definition(hash)
    }

    fn steps(&self, flow_id: &FlowId) -> Result<Vec<Step>, StoreError> {
        self.below.steps(flow_id)
    }

    fn task(&self, task_id: &TaskId) -> Result<Option<Arc<Task>>, StoreError> {
        self.below.task(task_id)
    }

    fn task_input(&self, task_id: &TaskId) -> Result<Option<String>, StoreError> {
        self.below.task_input(task_id)
    }

    fn find_tasks(&self, owner_key: Option<&str>, token: &str) -> Result<Vec<Task>, StoreError> {
        self.below.find_tasks(owner_key, token)
    }

    fn list_tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>, StoreError> {
        self.below.list_tasks(filter)
    }

    fn flow_of_key(&self, owner_key: &str, key: &str) -> Result<Option<Flow>, StoreError> {
        self.below.flow_of_key(owner_key, key)
    }

    fn next_in_line(&self, owner_key: &str, key: &str) -> Result<Option<FlowId>, StoreError> {
        self.below.next_in_line(owner_key, key)
    }

    fn lines(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.below.lines()
    }

    fn latest_flow(&self, owner_key: &str) -> Result<Option<Flow>, StoreError> {
        self.below.latest_flow(owner_key)
    }

    fn open_event_waits(
        &self,
        owner_key: &str,
        name: &str,
        key: Option<&str>,
        flow_id: Option<&FlowId>,
    ) -> Result<Vec<Wait>, StoreError> {
        self.below.open_event_waits(owner_key, name, key, flow_id)
    }

    fn task_of_run(
        &self,
        owner_key: &str,
        flow_id: &FlowId,
        runtime: Runtime,
        run_id: &str,
    ) -> Result<Option<Task>, StoreError> {
        self.below.task_of_run(owner_key, flow_id, runtime, run_id)
    }

    fn count_tasks(&self, flow_id: &FlowId) -> Result<TaskCounts, StoreError> {
        self.below.count_tasks(flow_id)
    }

    fn delivery(&self, delivery_id: &DeliveryId) -> Result<Option<Delivery>, StoreError> {
        self.below.delivery(delivery_id)
    }

    fn deliveries_of_key(&self, owner_key: &str, key: &str) -> Result<Vec<Delivery>, StoreError> {
        self.below.deliveries_of_key(owner_key, key)
    }

    fn list_deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, StoreError> {
        self.below.list_deliveries(filter)
    }

    fn inbox(
        &self,
        owner_key: Option<&str>,
        all: bool,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.below.inbox(owner_key, all, after, limit)
    }

    fn due_deliveries(&self, now: Millis, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        self.below.due_deliveries(now, limit)
    }

    fn expire_deliveries(&self, before: Millis) -> Result<u64, StoreError> {
        self.below.expire_deliveries(before)
    }

    fn kept_signals(
        &self,
        owner_key: &str,
        name: &str,
        key: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Signal>, StoreError> {
        self.below.kept_signals(owner_key, name, key, limit)
    }

    fn count_signals(&self, owner_key: &str) -> Result<u64, StoreError> {
        self.below.count_signals(owner_key)
    }

    fn oldest_signals(&self, owner_key: &str, limit: usize) -> Result<Vec<Signal>, StoreError> {
        self.below.oldest_signals(owner_key, limit)
    }

    fn signals(&self, after: Option<&SignalId>, limit: usize) -> Result<Vec<Signal>, StoreError> {
        self.below.signals(after, limit)
    }

    fn token_by_hash(&self, hash: &str) -> Result<Option<Token>, StoreError> {
        self.below.token_by_hash(hash)
    }

    fn list_tokens(&self) -> Result<Vec<Token>, StoreError> {
        self.below.list_tokens()
    }

    fn find_tokens(&self, token: &str) -> Result<Vec<Token>, StoreError> {
        self.below.find_tokens(token)
    }

    fn outcome(&self, owner_key: &str, key: &str) -> Result<Option<Outcome>, StoreError> {
        self.below.outcome(owner_key, key)
    }

    fn ended_flows(
        &self,
        status: FlowStatus,
        before: Millis,
        owners: &Owners,
        after: Option<&FlowId>,
        limit: usize,
    ) -> Result<Vec<FlowId>, StoreError> {
        self.below.ended_flows(status, before, owners, after, limit)
    }

    fn ended_tasks(
        &self,
        status: TaskStatus,
        before: Millis,
        owners: &Owners,
        after: Option<&TaskId>,
        limit: usize,
    ) -> Result<Vec<EndedTask>, StoreError> {
        self.below.ended_tasks(status, before, owners, after, limit)
    }

    fn forget_tasks(&self, task_ids: &[TaskId]) -> Result<u64, StoreError> {
        self.below.forget_tasks(task_ids)
    }

    fn expire_outcomes(&self, before: Millis) -> Result<u64, StoreError> {
        self.below.expire_outcomes(before)
    }

    fn last_seq(&self) -> Result<u64, StoreError> {
        self.below.last_seq()
    }

    fn events(&self, filter: &EventFilter) -> Result<Vec<StoredEvent>, StoreError> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        self.below.events(filter)
    }

    fn last_event(&self, subject: &str) -> Result<u64, StoreError> {
        self.below.last_event(subject)
    }

    fn work(&self, only: Option<&FlowId>) -> Result<Work, StoreError> {
        self.below.work(only)
    }

    fn tasks_in_queues(&self, status: TaskStatus) -> Result<Vec<Task>, StoreError> {
        self.below.tasks_in_queues(status)
    }

    fn queue_starts(
        &self,
        queue: &str,
        since: Millis,
        limit: usize,
    ) -> Result<Vec<Millis>, StoreError> {
        self.below.queue_starts(queue, since, limit)
    }

    fn due(
        &self,
        now: Millis,
        only: Option<&FlowId>,
        limit: usize,
    ) -> Result<Vec<Due>, StoreError> {
        self.below.due(now, only, limit)
    }

    fn next_due(&self, only: Option<&FlowId>) -> Result<Option<Millis>, StoreError> {
        self.below.next_due(only)
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        self.below.check()
    }
}
