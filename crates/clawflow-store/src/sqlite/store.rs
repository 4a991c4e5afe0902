//! The store: a writer and readers.

use super::encode::Encoded;
use super::limits::FINDINGS_MAX;
use super::open::{self, SqliteOptions};
use super::readers::Readers;
use super::statements::sql;
use super::writer::{Expiry, Writer};
use super::{deliveries, events, find, flows, kept, tasks, timers};
use crate::error::StoreError;
use crate::query::{
    DeliveryFilter, Due, EndedTask, EventFilter, FlowBundle, FlowCounts, FlowFilter, FlowRow,
    Owners, TaskCounts, TaskFilter, Work,
};
use crate::rules;
use crate::schedules::ScheduleStore;
use crate::store::{Receipt, Store};
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
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The file in the store's directory.
pub const FILE_NAME: &str = "clawflow.db";

/// A durable ledger in one SQLite file. Dropping it waits for what was submitted.
pub struct SqliteStore {
    /// Dropped first, so that the writer is the last to close the file and can remove its log.
    pub(super) readers: Readers,
    pub(super) writer: Writer,
}

impl SqliteStore {
    /// Opens the store in `dir`, making both where they are missing (0700 and 0600).
    ///
    /// # Errors
    /// `Locked` while another program holds it, `Newer` when a newer clawflow has written it,
    /// `Corrupt` when the file is damaged or not a store, `Full`, else `Unavailable`. Nothing of an
    /// existing file is changed then.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::open_with(dir, &SqliteOptions::default())
    }

    /// Opens the store with other options than the usual ones.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_with(dir: &Path, options: &SqliteOptions) -> Result<Self, StoreError> {
        let dir = std::path::absolute(dir).map_err(|error| StoreError::Unavailable {
            doing: format!("opening {}", dir.display()),
            why: error.to_string(),
        })?;
        let file = dir.join(FILE_NAME);
        let conn = open::writer(&dir, &file, options)?;
        let readers = Readers::new(&file, options.busy_wait);
        Ok(Self { readers, writer: Writer::start(conn, &file, options)? })
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("file", &self.readers.path()).finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn submit(&self, unit: Unit) -> Receipt {
        let (answer, receipt) = oneshot::channel();
        match rules::shape(&unit).and_then(|()| Encoded::new(unit)) {
            Ok(unit) => self.writer.apply(unit, answer),
            // Nobody may be waiting any more.
            Err(refused) => drop(answer.send(Err(refused))),
        }
        receipt
    }

    fn schedules(&self) -> &dyn ScheduleStore {
        self
    }

    fn upkeep(&self) -> &dyn Upkeep {
        self
    }

    fn next_epoch(&self) -> Result<u64, StoreError> {
        self.writer.next_epoch()
    }

    fn load(&self, flow_id: &FlowId) -> Result<Option<FlowBundle>, StoreError> {
        self.readers.read(|conn| flows::load(conn, flow_id))
    }

    fn flow_of_key(&self, owner_key: &str, key: &str) -> Result<Option<Flow>, StoreError> {
        self.readers.read(|conn| find::flow_of_key(conn, owner_key, key))
    }

    fn next_in_line(&self, owner_key: &str, key: &str) -> Result<Option<FlowId>, StoreError> {
        self.readers.read(|conn| flows::next_in_line(conn, owner_key, key))
    }

    fn lines(&self) -> Result<Vec<(String, String)>, StoreError> {
        self.readers.read(flows::lines)
    }

    fn latest_flow(&self, owner_key: &str) -> Result<Option<Flow>, StoreError> {
        self.readers.read(|conn| flows::latest(conn, owner_key))
    }

    fn find_flows(&self, token: &str) -> Result<Vec<Flow>, StoreError> {
        self.readers.read(|conn| find::find_flows(conn, token))
    }

    fn list_flows(&self, filter: &FlowFilter) -> Result<Vec<FlowRow>, StoreError> {
        self.readers.read(|conn| flows::list(conn, filter))
    }

    fn count_flows(&self, owner_key: Option<&str>) -> Result<FlowCounts, StoreError> {
        self.readers.read(|conn| flows::count(conn, owner_key))
    }

    fn waits(&self, flow_id: &FlowId) -> Result<Vec<Wait>, StoreError> {
        self.readers.read(|conn| flows::waits(conn, flow_id))
    }

    fn wait(&self, wait_id: &WaitId) -> Result<Option<Wait>, StoreError> {
        self.readers.read(|conn| flows::wait(conn, wait_id.as_str()))
    }

    fn definition(&self, hash: &str) -> Result<Option<String>, StoreError> {
        self.readers.read(|conn| flows::definition(conn, hash))
    }

    fn open_event_waits(
        &self,
        owner_key: &str,
        name: &str,
        key: Option<&str>,
        flow_id: Option<&FlowId>,
    ) -> Result<Vec<Wait>, StoreError> {
        self.readers.read(|conn| flows::open_event_waits(conn, owner_key, name, key, flow_id))
    }

    fn steps(&self, flow_id: &FlowId) -> Result<Vec<Step>, StoreError> {
        self.readers.read(|conn| flows::steps(conn, flow_id))
    }

    fn task(&self, task_id: &TaskId) -> Result<Option<Arc<Task>>, StoreError> {
        self.readers.read(|conn| Ok(tasks::get(conn, task_id.as_str())?.map(Arc::new)))
    }

    fn task_input(&self, task_id: &TaskId) -> Result<Option<String>, StoreError> {
        self.readers.read(|conn| tasks::input(conn, task_id.as_str()))
    }

    fn find_tasks(&self, owner_key: Option<&str>, token: &str) -> Result<Vec<Task>, StoreError> {
        self.readers.read(|conn| find::find_tasks(conn, owner_key, token))
    }

    fn list_tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>, StoreError> {
        self.readers.read(|conn| tasks::list(conn, filter))
    }

    fn task_of_run(
        &self,
        owner_key: &str,
        flow_id: &FlowId,
        runtime: Runtime,
        run_id: &str,
    ) -> Result<Option<Task>, StoreError> {
        self.readers.read(|conn| tasks::of_run(conn, owner_key, flow_id, runtime, run_id))
    }

    fn count_tasks(&self, flow_id: &FlowId) -> Result<TaskCounts, StoreError> {
        self.readers.read(|conn| tasks::count(conn, flow_id))
    }

    fn delivery(&self, delivery_id: &DeliveryId) -> Result<Option<Delivery>, StoreError> {
        self.readers.read(|conn| deliveries::get(conn, delivery_id.as_str()))
    }

    fn deliveries_of_key(&self, owner_key: &str, key: &str) -> Result<Vec<Delivery>, StoreError> {
        self.readers.read(|conn| deliveries::of_key(conn, owner_key, key))
    }

    fn list_deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<Delivery>, StoreError> {
        self.readers.read(|conn| deliveries::list(conn, filter))
    }

    fn inbox(
        &self,
        owner_key: Option<&str>,
        all: bool,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let states = rules::inbox_states(all);
        self.readers.read(|conn| deliveries::inbox(conn, owner_key, states, after, limit))
    }

    fn due_deliveries(&self, now: Millis, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        self.readers.read(|conn| deliveries::due(conn, now, limit))
    }

    fn expire_deliveries(&self, before: Millis) -> Result<u64, StoreError> {
        self.writer.expire(Expiry::Deliveries, before)
    }

    fn kept_signals(
        &self,
        owner_key: &str,
        name: &str,
        key: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Signal>, StoreError> {
        self.readers.read(|conn| kept::signals(conn, owner_key, name, key, limit))
    }

    fn count_signals(&self, owner_key: &str) -> Result<u64, StoreError> {
        self.readers.read(|conn| kept::count_signals(conn, owner_key))
    }

    fn oldest_signals(&self, owner_key: &str, limit: usize) -> Result<Vec<Signal>, StoreError> {
        self.readers.read(|conn| kept::oldest_signals(conn, owner_key, limit))
    }

    fn signals(&self, after: Option<&SignalId>, limit: usize) -> Result<Vec<Signal>, StoreError> {
        self.readers.read(|conn| kept::all_signals(conn, after, limit))
    }

    fn token_by_hash(&self, hash: &str) -> Result<Option<Token>, StoreError> {
        self.readers.read(|conn| kept::token_by_hash(conn, hash))
    }

    fn list_tokens(&self) -> Result<Vec<Token>, StoreError> {
        self.readers.read(kept::tokens)
    }

    fn find_tokens(&self, token: &str) -> Result<Vec<Token>, StoreError> {
        self.readers.read(|conn| find::find_tokens(conn, token))
    }

    fn ended_flows(
        &self,
        status: FlowStatus,
        before: Millis,
        owners: &Owners,
        after: Option<&FlowId>,
        limit: usize,
    ) -> Result<Vec<FlowId>, StoreError> {
        self.readers.read(|conn| flows::ended(conn, (status, before), owners, after, limit))
    }

    fn ended_tasks(
        &self,
        status: TaskStatus,
        before: Millis,
        owners: &Owners,
        after: Option<&TaskId>,
        limit: usize,
    ) -> Result<Vec<EndedTask>, StoreError> {
        self.readers.read(|conn| tasks::ended(conn, (status, before), owners, after, limit))
    }

    fn forget_tasks(&self, task_ids: &[TaskId]) -> Result<u64, StoreError> {
        self.writer.forget(task_ids)
    }

    fn outcome(&self, owner_key: &str, key: &str) -> Result<Option<Outcome>, StoreError> {
        self.readers.read(|conn| kept::outcome(conn, owner_key, key))
    }

    fn expire_outcomes(&self, before: Millis) -> Result<u64, StoreError> {
        self.writer.expire(Expiry::Outcomes, before)
    }

    fn events(&self, filter: &EventFilter) -> Result<Vec<StoredEvent>, StoreError> {
        self.readers.read(|conn| events::list(conn, filter))
    }

    fn last_event(&self, subject: &str) -> Result<u64, StoreError> {
        self.readers.read(|conn| events::last(conn, subject))
    }

    fn last_seq(&self) -> Result<u64, StoreError> {
        self.readers.read(events::last_seq)
    }

    fn work(&self, only: Option<&FlowId>) -> Result<Work, StoreError> {
        self.readers.read(|conn| timers::work(conn, only))
    }

    fn tasks_in_queues(&self, status: TaskStatus) -> Result<Vec<Task>, StoreError> {
        self.readers.read(|conn| tasks::in_queues(conn, status))
    }

    fn queue_starts(
        &self,
        queue: &str,
        since: Millis,
        limit: usize,
    ) -> Result<Vec<Millis>, StoreError> {
        self.readers.read(|conn| tasks::starts(conn, queue, since, limit))
    }

    fn due(
        &self,
        now: Millis,
        only: Option<&FlowId>,
        limit: usize,
    ) -> Result<Vec<Due>, StoreError> {
        self.readers.read(|conn| timers::due(conn, now, only, limit))
    }

    fn next_due(&self, only: Option<&FlowId>) -> Result<Option<Millis>, StoreError> {
        let due = self.readers.read(|conn| timers::due(conn, Millis::MAX, only, 1))?;
        Ok(due.first().map(|due| due.at))
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        self.readers.read(|conn| findings(conn, Check::Whole))
    }
}

/// How much of the file is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// Its pages.
    Quick,
    /// Its pages, and every index against its table.
    Whole,
}

/// What is wrong with the file, its references, and its records.
pub(super) fn findings(conn: &Connection, how: Check) -> rusqlite::Result<Vec<String>> {
    let pragma = match how {
        Check::Quick => "quick_check",
        Check::Whole => "integrity_check",
    };
    let mut found: Vec<String> = Vec::new();
    let mut query = conn.prepare(&format!("pragma {pragma}({FINDINGS_MAX})"))?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        found.push(row.get(0)?);
    }
    found.retain(|line| line != "ok");
    let mut query = conn.prepare("pragma foreign_key_check")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()?
        && found.len() < FINDINGS_MAX
    {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        found.push(format!("a row of `{table}` without its row of `{parent}`"));
    }
    let mut query = conn.prepare(sql!(check_records))?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()?
        && found.len() < FINDINGS_MAX
    {
        let row: String = row.get(0)?;
        found.push(format!("{row}: its columns and its record tell different things"));
    }
    Ok(found)
}
