//! Opening: refuse what is not a store of ours before anything of it is changed.

use super::fault::fault;
use super::limits::{BUSY_WAIT, READER_CACHE_KIB, READER_STATEMENTS_MAX, WRITER_CACHE_KIB};
use super::{migrate, place};
use crate::error::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::time::Duration;

/// Older ones can lose commits when the log is reset.
const SQLITE_MIN: i32 = 3_051_003;
const _: () = assert!(rusqlite::ffi::SQLITE_VERSION_NUMBER >= SQLITE_MIN, "SQLite is too old");

/// What may be chosen about the file.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// How long to wait for another program's lock.
    pub busy_wait: Duration,
    /// Largest size of the file in pages of 4 KiB; beyond it the store is full.
    pub max_pages: Option<u32>,
    /// Called at the points of each transaction, for tests of crashes.
    #[doc(hidden)]
    pub hook: Option<fn(super::hook::CommitPoint)>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { busy_wait: BUSY_WAIT, max_pages: None, hook: None }
    }
}

/// Opens the connection that writes; the file has the newest schema after.
pub(super) fn writer(
    dir: &Path,
    file: &Path,
    options: &SqliteOptions,
) -> Result<Connection, StoreError> {
    if rusqlite::version_number() < SQLITE_MIN {
        let why = format!("SQLite {} is too old", rusqlite::version());
        return Err(StoreError::Unavailable { doing: format!("opening {}", file.display()), why });
    }
    place::prepare(dir, file)?;
    let fail = |error: rusqlite::Error| fault(file, "opening", &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(file, flags).map_err(fail)?;
    conn.busy_timeout(options.busy_wait).map_err(fail)?;
    stable_plans(&conn).map_err(fail)?;
    migrate::inspect(&conn, file)?;
    let mode: String =
        conn.query_row("pragma journal_mode = wal", [], |row| row.get(0)).map_err(fail)?;
    if mode != "wal" {
        let why = format!("its journal stays `{mode}`, the store needs `wal`");
        return Err(StoreError::Unavailable { doing: format!("opening {}", file.display()), why });
    }
    conn.execute_batch(&format!(
        "pragma synchronous = full; pragma foreign_keys = on; pragma wal_autocheckpoint = 0;
         pragma cache_size = -{WRITER_CACHE_KIB}; pragma temp_store = memory;
         pragma trusted_schema = off; pragma cell_size_check = on;"
    ))
    .map_err(fail)?;
    migrate::migrate(&conn, file)?;
    if let Some(pages) = options.max_pages {
        conn.execute_batch(&format!("pragma max_page_count = {pages}")).map_err(fail)?;
    }
    Ok(conn)
}

/// Opens a connection that only reads.
pub(super) fn reader(file: &Path, busy_wait: Duration) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(file, flags)?;
    conn.busy_timeout(busy_wait)?;
    stable_plans(&conn)?;
    conn.set_prepared_statement_cache_capacity(READER_STATEMENTS_MAX);
    conn.execute_batch(&format!(
        "pragma query_only = on; pragma cache_size = -{READER_CACHE_KIB};
         pragma temp_store = memory; pragma trusted_schema = off;"
    ))?;
    Ok(conn)
}

/// Plans by the text of a statement alone. Else SQLite prepares a statement again whenever a
/// value is bound that might make for another plan, which costs more than most reads.
fn stable_plans(conn: &Connection) -> Result<(), rusqlite::Error> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}
