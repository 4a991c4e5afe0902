//! A few connections that only read, opened when they are first needed.

use super::fault::fault;
use super::limits::READERS_MAX;
use super::open;
use super::statements::sql;
use crate::error::StoreError;
use rusqlite::{Connection, Row};
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The pool.
pub(super) struct Readers {
    path: PathBuf,
    busy_wait: Duration,
    /// A plain mutex, held only to take or return a connection.
    pool: Mutex<Pool>,
    returned: Condvar,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Connection>,
    /// Idle ones and those in use.
    open: usize,
}

impl Readers {
    pub(super) fn new(path: &Path, busy_wait: Duration) -> Self {
        let (pool, returned) = (Mutex::default(), Condvar::new());
        Self { path: path.to_owned(), busy_wait, pool, returned }
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads with one connection, in one snapshot of the store.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut lease = self.lease();
        // Given back only after a success: what has failed, or panicked, is opened anew, and
        // closing it ends its snapshot. The statements around the work are kept as all others.
        let result = lease.connect().and_then(|conn| {
            conn.prepare_cached(sql!(snapshot))?.execute([])?;
            let result = work(&conn)?;
            conn.prepare_cached(sql!(commit))?.execute([])?;
            lease.conn = Some(conn);
            Ok(result)
        });
        result.map_err(|error| fault(&self.path, "reading", &error))
    }

    fn lease(&self) -> Lease<'_> {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(conn) = pool.idle.pop() {
                return Lease { readers: self, conn: Some(conn) };
            }
            if pool.open < READERS_MAX {
                pool.open += 1;
                return Lease { readers: self, conn: None };
            }
            pool = self.returned.wait(pool).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The right to one connection; returns it, whatever happens.
struct Lease<'r> {
    readers: &'r Readers,
    conn: Option<Connection>,
}

impl Lease<'_> {
    fn connect(&mut self) -> rusqlite::Result<Connection> {
        match self.conn.take() {
            Some(conn) => Ok(conn),
            None => open::reader(&self.readers.path, self.readers.busy_wait),
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut pool = self.readers.pool.lock().unwrap_or_else(PoisonError::into_inner);
        match self.conn.take() {
            Some(conn) => pool.idle.push(conn),
            None => pool.open -= 1,
        }
        self.readers.returned.notify_one();
    }
}

/// A record from its column.
pub(super) fn record<T: DeserializeOwned>(row: &Row<'_>, at: usize) -> rusqlite::Result<T> {
    decode(row.get_ref(at)?.as_str()?, at)
}

/// A record from its text.
pub(super) fn decode<T: DeserializeOwned>(text: &str, at: usize) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| unreadable(at, error))
}

/// A column that holds what it cannot.
pub(super) fn unreadable(
    at: usize,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, Box::new(error))
}

/// A limit as SQL has it.
pub(super) fn sql_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
