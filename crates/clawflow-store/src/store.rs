//! The store as the engine sees it.

use crate::error::{ApplyError, StoreError};
use crate::query::{
    DeliveryFilter, Due, EndedTask, EventFilter, FlowBundle, FlowCounts, FlowFilter, FlowRow,
    Owners, TaskCounts, TaskFilter, Work,
};
use crate::schedules::ScheduleStore;
use crate::upkeep::Upkeep;
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
    ///
    /// A new delivery whose owner, route, route name and idempotency key are there already is left
    /// out, and the rest of the unit is applied. A delivery has `due_at` exactly while it is
    /// pending and `closed_at` exactly when it was acknowledged, given up or dismissed; owner,
    /// flow, task, idempotency key, route and creation never change. A signal that is taken must
    /// have been there before the unit, else `Conflict`. The hash of a token is its own; hash,
    /// owner and creation never change. An outcome of the same owner and key is a `Conflict` while
    /// it is younger than [`clawflow_core::idempotency::KEPT_MS`] at the new one's creation; an
    /// older one is replaced.
    ///
    /// A purge deletes the deliveries that name the flow, so one about a task of a flow names both.
    /// As long as one is pending the flow is not purged (`Invalid`). One that lies in the inbox
    /// (`session_queued`) does not hold the flow back: it stays, names a flow that is gone, and can
    /// be read and closed as before; [`Store::expire_deliveries`] deletes it after that.
    fn submit(&self, unit: Unit) -> Receipt;

    /// Schedules and their runs.
    fn schedules(&self) -> &dyn ScheduleStore;

    /// Looking after it, and what audits ask.
    fn upkeep(&self) -> &dyn Upkeep;

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

    /// The flow of this owner with this key: the live one, if there is one, else the newest. One
    /// that waits in line for the key is not live.
    ///
    /// # Errors
    /// Those of the store.
    fn flow_of_key(&self, owner_key: &str, key: &str) -> Result<Option<Flow>, StoreError>;

    /// The oldest flow by id that waits for this key of this owner, see
    /// [`Flow::in_line_since`](clawflow_core::flow::Flow).
    ///
    /// # Errors
    /// Those of the store.
    fn next_in_line(&self, owner_key: &str, key: &str) -> Result<Option<FlowId>, StoreError>;

    /// Owner and key of all lines in which a flow waits, in order.
    ///
    /// # Errors
    /// Those of the store.
    fn lines(&self) -> Result<Vec<(String, String)>, StoreError>;

    /// The newest flow of this owner by id, ended or not.
    ///
    /// # Errors
    /// Those of the store.
    fn latest_flow(&self, owner_key: &str) -> Result<Option<Flow>, StoreError>;

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

    /// One wait.
    ///
    /// # Errors
    /// Those of the store.
    fn wait(&self, wait_id: &WaitId) -> Result<Option<Wait>, StoreError>;

    /// The text that is kept under this hash: of a workflow file, or of the files that a flow named
    /// (`FlowSpec::files`).
    ///
    /// # Errors
    /// Those of the store.
    fn definition(&self, hash: &str) -> Result<Option<String>, StoreError>;

    /// Open waits for the event `name` of live flows of this owner, oldest first: those without a
    /// key of their own and, where `key` is given, those for this very key. With `flow_id`, of that
    /// flow.
    ///
    /// # Errors
    /// Those of the store.
    fn open_event_waits(
        &self,
        owner_key: &str,
        name: &str,
        key: Option<&str>,
        flow_id: Option<&FlowId>,
    ) -> Result<Vec<Wait>, StoreError>;

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

    /// What the task reads on standard input, if it was given that with its row.
    ///
    /// # Errors
    /// Those of the store.
    fn task_input(&self, task_id: &TaskId) -> Result<Option<String>, StoreError>;

    /// Tasks that a person may mean by `token`: the one with this id; else those whose id contains
    /// the token, if it has 8 characters or more; else those of this run id (not `cli` first, then
    /// oldest first); else the newest of this session key. At most 10. With an owner it is as if
    /// there were no tasks of others.
    ///
    /// # Errors
    /// Those of the store.
    fn find_tasks(&self, owner_key: Option<&str>, token: &str) -> Result<Vec<Task>, StoreError>;

    /// A page of tasks.
    ///
    /// # Errors
    /// Those of the store.
    fn list_tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>, StoreError>;

    /// The first task with this run id of this owner, flow and runtime.
    ///
    /// # Errors
    /// Those of the store.
    fn task_of_run(
        &self,
        owner_key: &str,
        flow_id: &FlowId,
        runtime: Runtime,
        run_id: &str,
    ) -> Result<Option<Task>, StoreError>;

    /// How many tasks a flow has.
    ///
    /// # Errors
    /// Those of the store.
    fn count_tasks(&self, flow_id: &FlowId) -> Result<TaskCounts, StoreError>;

    /// One delivery.
    ///
    /// # Errors
    /// Those of the store.
    fn delivery(&self, delivery_id: &DeliveryId) -> Result<Option<Delivery>, StoreError>;

    /// The deliveries of this owner with this idempotency key, one per route: empty, if no such
    /// message was sent.
    ///
    /// # Errors
    /// Those of the store.
    fn deliveries_of_key(&self, owner_key: &str, key: &str) -> Result<Vec<Delivery>, StoreError>;

    /// A page of deliveries.
    ///
    /// # Errors
    /// Those of the store.
    fn list_deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, StoreError>;

    /// A page of an inbox, or of all inboxes, in the order in which messages came to lie there,
    /// beginning after a place: what lies there, with `all` also what was acknowledged. A row gets
    /// a higher place than all before with each unit that leaves it there, so whoever goes on after
    /// the last place that he has seen misses none that is committed later.
    ///
    /// # Errors
    /// Those of the store.
    fn inbox(
        &self,
        owner_key: Option<&str>,
        all: bool,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError>;

    /// Pending deliveries whose time has come at `now`: by time, then by id, and of each route's
    /// name the first `limit`, so that one with many hides no other.
    ///
    /// # Errors
    /// Those of the store.
    fn due_deliveries(&self, now: Millis, limit: usize) -> Result<Vec<Delivery>, StoreError>;

    /// Deletes deliveries that were closed before this time and whose flow and task are gone;
    /// returns how many. Durable on return.
    ///
    /// # Errors
    /// Those of the store; some may be deleted already.
    fn expire_deliveries(&self, before: Millis) -> Result<u64, StoreError>;

    /// Kept signals of this owner and name, oldest first by id; with `key`, of that key only.
    ///
    /// # Errors
    /// Those of the store.
    fn kept_signals(
        &self,
        owner_key: &str,
        name: &str,
        key: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Signal>, StoreError>;

    /// How many signals are kept for this owner.
    ///
    /// # Errors
    /// Those of the store.
    fn count_signals(&self, owner_key: &str) -> Result<u64, StoreError>;

    /// Kept signals of this owner, oldest first by id, whatever their name.
    ///
    /// # Errors
    /// Those of the store.
    fn oldest_signals(&self, owner_key: &str, limit: usize) -> Result<Vec<Signal>, StoreError>;

    /// A page of the kept signals of all owners, oldest first by id, beginning after an id.
    ///
    /// # Errors
    /// Those of the store.
    fn signals(&self, after: Option<&SignalId>, limit: usize) -> Result<Vec<Signal>, StoreError>;

    /// The token with this hash, expired and revoked ones too.
    ///
    /// # Errors
    /// Those of the store.
    fn token_by_hash(&self, hash: &str) -> Result<Option<Token>, StoreError>;

    /// All tokens, newest first by id, with their hashes.
    ///
    /// # Errors
    /// Those of the store.
    fn list_tokens(&self) -> Result<Vec<Token>, StoreError>;

    /// The token with this id, else all with this label, newest first.
    ///
    /// # Errors
    /// Those of the store.
    fn find_tokens(&self, token: &str) -> Result<Vec<Token>, StoreError>;

    /// Flows of these owners in this state that ended before this time and owe nothing, without an
    /// open task, a live child or a live parent: by id from `after` on, which is about oldest
    /// first.
    ///
    /// # Errors
    /// Those of the store.
    fn ended_flows(
        &self,
        status: FlowStatus,
        before: Millis,
        owners: &Owners,
        after: Option<&FlowId>,
        limit: usize,
    ) -> Result<Vec<FlowId>, StoreError>;

    /// The same for tasks without a flow.
    ///
    /// # Errors
    /// Those of the store.
    fn ended_tasks(
        &self,
        status: TaskStatus,
        before: Millis,
        owners: &Owners,
        after: Option<&TaskId>,
        limit: usize,
    ) -> Result<Vec<EndedTask>, StoreError>;

    /// Deletes those of these tasks that have no flow, have ended and owe nothing, with their
    /// history, in one transaction; returns how many. Durable on return. What lies in an inbox
    /// stays.
    ///
    /// # Errors
    /// Those of the store; nothing was deleted.
    fn forget_tasks(&self, task_ids: &[TaskId]) -> Result<u64, StoreError>;

    /// What the command of this owner with this idempotency key came to. It may be older than
    /// [`clawflow_core::idempotency::KEPT_MS`]: then it does not count any more.
    ///
    /// # Errors
    /// Those of the store.
    fn outcome(&self, owner_key: &str, key: &str) -> Result<Option<Outcome>, StoreError>;

    /// Deletes outcomes made before this time; returns how many. Durable on return.
    ///
    /// # Errors
    /// Those of the store; some may be deleted already.
    fn expire_outcomes(&self, before: Millis) -> Result<u64, StoreError>;

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

    /// The seq of the newest event that the store ever had; 0: none.
    ///
    /// # Errors
    /// Those of the store.
    fn last_seq(&self) -> Result<u64, StoreError>;

    /// What there is to do at start, of one flow or of all.
    ///
    /// # Errors
    /// Those of the store.
    fn work(&self, only: Option<&FlowId>) -> Result<Work, StoreError>;

    /// Open tasks in this state that are in a queue, by queue, then by id.
    ///
    /// # Errors
    /// Those of the store.
    fn tasks_in_queues(&self, status: TaskStatus) -> Result<Vec<Task>, StoreError>;

    /// When tasks of this queue have started, after this time: the newest ones, the latest first. A
    /// task that was deleted counts no more.
    ///
    /// # Errors
    /// Those of the store.
    fn queue_starts(
        &self,
        queue: &str,
        since: Millis,
        limit: usize,
    ) -> Result<Vec<Millis>, StoreError>;

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
