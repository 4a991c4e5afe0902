//! A store that fails when it is told to.

use clawflow_core::Millis;
use clawflow_core::event::StoredEvent;
use clawflow_core::flow::Flow;
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::step::Step;
use clawflow_core::task::Task;
use clawflow_core::unit::Unit;
use clawflow_core::wait::Wait;
use clawflow_store::query::{
    Due, EventFilter, FlowBundle, FlowCounts, FlowFilter, FlowRow, TaskFilter, Work,
};
use clawflow_store::{ApplyError, Receipt, Store, StoreError};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;

/// Another store, and how it is to fail.
pub(crate) struct Faulty {
    below: Arc<dyn Store>,
    /// What is still to be refused, as if the disk were full.
    full: AtomicUsize,
    /// Whether reads are refused too.
    deaf: AtomicBool,
    /// How long each answer to a submit is held back.
    slow: Mutex<Duration>,
    /// Submits that were tried.
    pub(crate) submits: AtomicUsize,
    /// Times that somebody asked what is due.
    pub(crate) looks: AtomicUsize,
}

impl Faulty {
    pub(crate) fn over(below: Arc<dyn Store>) -> Self {
        Self {
            below,
            full: AtomicUsize::new(0),
            deaf: AtomicBool::new(false),
            slow: Mutex::new(Duration::ZERO),
            submits: AtomicUsize::new(0),
            looks: AtomicUsize::new(0),
        }
    }

    /// Refuses the next `count` submits.
    pub(crate) fn fail(&self, count: usize) {
        self.full.store(count, Ordering::SeqCst);
    }

    /// Refuses reads in the same way.
    pub(crate) fn fail_reads(&self) {
        self.deaf.store(true, Ordering::SeqCst);
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
        if self.fails() {
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

    fn steps(&self, flow_id: &FlowId) -> Result<Vec<Step>, StoreError> {
        self.below.steps(flow_id)
    }

    fn task(&self, task_id: &TaskId) -> Result<Option<Arc<Task>>, StoreError> {
        self.hear()?;
        self.below.task(task_id)
    }

    fn find_tasks(&self, token: &str) -> Result<Vec<Task>, StoreError> {
        self.below.find_tasks(token)
    }

    fn list_tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>, StoreError> {
        self.below.list_tasks(filter)
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
