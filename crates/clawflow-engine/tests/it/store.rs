//! A store that fails when it is told to.

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
use clawflow_store::{ApplyError, Receipt, Store, StoreError};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;
use tokio::sync::oneshot;

/// Another store, and how it is to fail.
pub(crate) struct Faulty {
    below: Arc<dyn Store>,
    /// Whether who has it is gone, as a process that has ended.
    gone: RwLock<bool>,
    /// What is still to be refused, as if the disk were full.
    full: AtomicUsize,
    /// Whether reads are refused too.
    deaf: AtomicBool,
    /// How long each answer to a submit is held back.
    slow: Mutex<Duration>,
    /// Waits of flows that are no longer there, which every look still finds.
    ghosts: Mutex<Vec<Wait>>,
    /// Submits that were tried.
    pub(crate) submits: AtomicUsize,
    /// Times that somebody asked what is due.
    pub(crate) looks: AtomicUsize,
}

impl Faulty {
    pub(crate) fn over(below: Arc<dyn Store>) -> Self {
        Self {
            below,
            gone: RwLock::new(false),
            full: AtomicUsize::new(0),
            deaf: AtomicBool::new(false),
            slow: Mutex::new(Duration::ZERO),
            ghosts: Mutex::default(),
            submits: AtomicUsize::new(0),
            looks: AtomicUsize::new(0),
        }
    }

    /// Another way to the same store, once nothing comes through this one any more.
    pub(crate) fn again(&self) -> Self {
        *self.gone.write().unwrap() = true;
        // The writer is past what it was given before.
        self.below.upkeep().checkpoint().unwrap();
        Self::over(self.below.clone())
    }

    /// Refuses the next `count` submits.
    pub(crate) fn fail(&self, count: usize) {
        self.full.store(count, Ordering::SeqCst);
    }

    /// Refuses reads in the same way.
    pub(crate) fn fail_reads(&self) {
        self.deaf.store(true, Ordering::SeqCst);
    }

    /// Finds this wait, whose flow was purged since, beside those that are there.
    pub(crate) fn haunt(&self, wait: Wait) {
        self.ghosts.lock().unwrap().push(wait);
    }

    pub(crate) fn slow_down(&self, by: Duration) {
        *self.slow.lock().unwrap() = by;
    }

    /// What is still to be refused.
    pub(crate) fn left(&self) -> usize {
        self.full.load(Ordering::SeqCst)
    }

    fn fails(&self) -> bool {
        let less = |left: usize| left.checked_sub(1);
        self.full.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
    }

    fn hear(&self) -> Result<(), StoreError> {
        if self.deaf.load(Ordering::SeqCst) && self.fails() {
            let (doing, why) = ("reading".to_owned(), "the test says so".to_owned());
            return Err(StoreError::Unavailable { doing, why });
        }
        Ok(())
    }
}

impl Store for Faulty {
    fn submit(&self, unit: Unit) -> Receipt {
        self.submits.fetch_add(1, Ordering::SeqCst);
        let gone = self.gone.read().unwrap();
        if *gone || self.fails() {
            let (answer, receipt) = oneshot::channel();
            let full = StoreError::Full { doing: "testing".to_owned() };
            answer.send(Err(ApplyError::Store(full))).unwrap();
            return receipt;
        }
        let below = self.below.submit(unit);
        let slow = *self.slow.lock().unwrap();
        if slow.is_zero() {
            return below;
        }
        let (answer, receipt) = oneshot::channel();
        tokio::spawn(async move {
            tokio::time::sleep(slow).await;
            if let Ok(outcome) = below.await {
                let _ = answer.send(outcome);
            }
        });
        receipt
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
        self.hear()?;
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

    fn task_input(&self, task_id: &TaskId) -> Result<Option<String>, StoreError> {
        self.hear()?;
        self.below.task_input(task_id)
    }

    fn task(&self, task_id: &TaskId) -> Result<Option<Arc<Task>>, StoreError> {
        self.hear()?;
        self.below.task(task_id)
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
        let mut waits = self.below.open_event_waits(owner_key, name, key, flow_id)?;
        waits.extend(self.ghosts.lock().unwrap().iter().cloned());
        Ok(waits)
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
        self.looks.fetch_add(1, Ordering::SeqCst);
        self.below.due(now, only, limit)
    }

    fn next_due(&self, only: Option<&FlowId>) -> Result<Option<Millis>, StoreError> {
        self.below.next_due(only)
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        self.below.check()
    }
}
