//! The store as the engine sees it.

use crate::error::{ApplyError, StoreError};
use crate::query::{
    Due, EventFilter, FlowBundle, FlowCounts, FlowFilter, FlowRow, TaskFilter, Work,
};
use clawflow_core::Millis;
use clawflow_core::event::StoredEvent;
use clawflow_core::flow::Flow;
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::step::Step;
use clawflow_core::task::Task;
use clawflow_core::unit::Unit;
use clawflow_core::wait::Wait;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The promise of an answer to a submitted unit.
///
/// Once it answers `Ok`, every row of the unit is on disk and survives any crash; once it answers
/// `Err`, none is or will be. If the process dies before the answer, the unit is there whole or not
/// at all. The number is the sequence of the unit's last event (or the newest one before it).
pub type Receipt = oneshot::Receiver<Result<u64, ApplyError>>;

/// A durable ledger. One process at a time writes it.
///
/// Queries see every unit whose receipt has answered. They block for as long as a disk read takes.
pub trait Store: Send + Sync + 'static {
    /// Hands a unit over to be applied. Units of one caller are applied in the order of submission;
    /// many units share one commit. Waits while too many are queued already.
    ///
    /// A unit names a row at most once. Its order does not matter: guards and versions are judged
    /// on what was there before it, keys and purges on what will be there after it. Versions grow;
    /// `ended_at` and `closed_at` are set exactly at an end; the events of a subject go on from
    /// its newest one without a gap; owner, key, mode, flow and creation of a row never change; a
    /// new row of a flow needs the flow. Whatever breaks this is `Invalid`. A purge of a flow that
    /// is gone is no error, of one that has not ended it is.
    fn submit(&self, unit: Unit) -> Receipt;

    /// Opens a new epoch of this store and returns it: larger than all before, durable on return.
    ///
    /// # Errors
    /// Those of the store.
    fn next_epoch(&self) -> Result<u64, StoreError>;

    /// All that a decision about the flow needs.
    ///
    /// # Errors
    /// Those of the store.
    fn load(&self, flow_id: &FlowId) -> Result<Option<FlowBundle>, StoreError>;

    /// Flows that a person may mean by `token`: the one with this id; else those with this key (the
    /// live one only, if there is one, else the newest); else those whose id contains the token, if
    /// it has 8 characters or more; else one of this owner (newest live, else newest). At most 10.
    ///
    /// # Errors
    /// Those of the store.
    fn find_flows(&self, token: &str) -> Result<Vec<Flow>, StoreError>;

    /// A page of flows.
    ///
    /// # Errors
    /// Those of the store.
    fn list_flows(&self, filter: &FlowFilter) -> Result<Vec<FlowRow>, StoreError>;

    /// How many flows there are, of one owner or all.
    ///
    /// # Errors
    /// Those of the store.
    fn count_flows(&self, owner_key: Option<&str>) -> Result<FlowCounts, StoreError>;

    /// All waits of a flow, oldest first, whatever their state.
    ///
    /// # Errors
    /// Those of the store.
    fn waits(&self, flow_id: &FlowId) -> Result<Vec<Wait>, StoreError>;

    /// All steps of a flow, by position. The results are left out: `load` has them.
    ///
    /// # Errors
    /// Those of the store.
    fn steps(&self, flow_id: &FlowId) -> Result<Vec<Step>, StoreError>;

    /// One task.
    ///
    /// # Errors
    /// Those of the store.
    fn task(&self, task_id: &TaskId) -> Result<Option<Arc<Task>>, StoreError>;

    /// Tasks that a person may mean by `token`: the one with this id; else those whose id contains
    /// the token, if it has 8 characters or more; else those of this run id (not `cli` first, then
    /// oldest first); else the newest of this session key. At most 10.
    ///
    /// # Errors
    /// Those of the store.
    fn find_tasks(&self, token: &str) -> Result<Vec<Task>, StoreError>;

    /// A page of tasks.
    ///
    /// # Errors
    /// Those of the store.
    fn list_tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>, StoreError>;

    /// A page of history.
    ///
    /// # Errors
    /// Those of the store.
    fn events(&self, filter: &EventFilter) -> Result<Vec<StoredEvent>, StoreError>;

    /// The number of the newest event of a flow or task; 0: none.
    ///
    /// # Errors
    /// Those of the store.
    fn last_event(&self, subject: &str) -> Result<u64, StoreError>;

    /// What there is to do at start, of one flow or of all.
    ///
    /// # Errors
    /// Those of the store.
    fn work(&self, only: Option<&FlowId>) -> Result<Work, StoreError>;

    /// What is due at `now` or before, oldest first, of live flows; with `only`, of that flow.
    ///
    /// # Errors
    /// Those of the store.
    fn due(&self, now: Millis, only: Option<&FlowId>, limit: usize)
    -> Result<Vec<Due>, StoreError>;

    /// When something will next be due, if anything.
    ///
    /// # Errors
    /// Those of the store.
    fn next_due(&self, only: Option<&FlowId>) -> Result<Option<Millis>, StoreError>;

    /// Checks the whole store and says what is wrong; empty: nothing is.
    ///
    /// # Errors
    /// Those of the store.
    fn check(&self) -> Result<Vec<String>, StoreError>;
}
