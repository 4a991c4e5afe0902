//! The store: a writer and readers.

use super::encode::Encoded;
use super::limits::FINDINGS_MAX;
use super::open::{self, SqliteOptions};
use super::readers::Readers;
use super::statements::sql;
use super::writer::Writer;
use super::{events, find, flows, tasks, timers};
use crate::error::StoreError;
use crate::query::{
    Due, EventFilter, FlowBundle, FlowCounts, FlowFilter, FlowRow, TaskFilter, Work,
};
use crate::rules;
use crate::store::{Receipt, Store};
use clawflow_core::Millis;
use clawflow_core::event::StoredEvent;
use clawflow_core::flow::Flow;
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::step::Step;
use clawflow_core::task::Task;
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
    readers: Readers,
    writer: Writer,
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

    fn next_epoch(&self) -> Result<u64, StoreError> {
        self.writer.next_epoch()
    }

    fn load(&self, flow_id: &FlowId) -> Result<Option<FlowBundle>, StoreError> {
        self.readers.read(|conn| flows::load(conn, flow_id))
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

    fn steps(&self, flow_id: &FlowId) -> Result<Vec<Step>, StoreError> {
        self.readers.read(|conn| flows::steps(conn, flow_id))
    }

    fn task(&self, task_id: &TaskId) -> Result<Option<Arc<Task>>, StoreError> {
        self.readers.read(|conn| Ok(tasks::get(conn, task_id.as_str())?.map(Arc::new)))
    }

    fn find_tasks(&self, token: &str) -> Result<Vec<Task>, StoreError> {
        self.readers.read(|conn| find::find_tasks(conn, token))
    }

    fn list_tasks(&self, filter: &TaskFilter) -> Result<Vec<Task>, StoreError> {
        self.readers.read(|conn| tasks::list(conn, filter))
    }

    fn events(&self, filter: &EventFilter) -> Result<Vec<StoredEvent>, StoreError> {
        self.readers.read(|conn| events::list(conn, filter))
    }

    fn last_event(&self, subject: &str) -> Result<u64, StoreError> {
        self.readers.read(|conn| events::last(conn, subject))
    }

    fn work(&self, only: Option<&FlowId>) -> Result<Work, StoreError> {
        self.readers.read(|conn| timers::work(conn, only))
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
        self.readers.read(findings)
    }
}

/// What is wrong with the file, its references, and its records.
fn findings(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    let mut query = conn.prepare(&format!("pragma integrity_check({FINDINGS_MAX})"))?;
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
