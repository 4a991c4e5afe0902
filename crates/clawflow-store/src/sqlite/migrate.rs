//! The schema and its versions.

use super::fault::fault;
use crate::error::StoreError;
use rusqlite::Connection;
use std::path::Path;

/// Marks the file as ours: "CLWF".
pub(super) const APPLICATION_ID: i32 = 0x434c_5746;
/// Append-only: the schema's version is the number of those that were applied.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_initial.sql"),
    include_str!("migrations/0002_output.sql"),
    include_str!("migrations/0003_compressed.sql"),
];
/// The newest schema that this program knows.
pub(super) const KNOWN: u32 = MIGRATIONS.len() as u32;

/// The file's schema version, after making sure that it is ours. Changes nothing.
pub(super) fn inspect(conn: &Connection, path: &Path) -> Result<u32, StoreError> {
    let read = |sql| conn.query_row(sql, [], |row| row.get::<_, i64>(0));
    let fail = |error| fault(path, "reading", &error);
    let version = read("pragma user_version").map_err(fail)?;
    let application = read("pragma application_id").map_err(fail)?;
    let tables = read("select count(*) from sqlite_schema").map_err(fail)?;
    if application != i64::from(APPLICATION_ID) && (application, version, tables) != (0, 0, 0) {
        let why = format!("{} is a database of another program", path.display());
        return Err(StoreError::Corrupt { why });
    }
    let found = u32::try_from(version).unwrap_or(u32::MAX);
    if found > KNOWN {
        return Err(StoreError::Newer { found, known: KNOWN });
    }
    Ok(found)
}

/// Brings the schema up to date, each step in a transaction of its own.
pub(super) fn migrate(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    while inspect(conn, path)? < KNOWN {
        let fail = |error| fault(path, "migrating", &error);
        conn.execute_batch("begin immediate").map_err(fail)?;
        let done = step(conn, path);
        let end = if done.is_ok() { "commit" } else { "rollback" };
        let ended = conn.execute_batch(end).map_err(fail);
        if ended.is_err() && !conn.is_autocommit() {
            // The failure to commit is what is reported.
            let _ = conn.execute_batch("rollback");
        }
        done.and(ended)?;
    }
    Ok(())
}

fn step(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    // Another program may have been faster before the lock was ours.
    let version = inspect(conn, path)?;
    let Some(sql) = MIGRATIONS.get(version as usize) else { return Ok(()) };
    let next = version + 1;
    let marks = format!("pragma user_version = {next}; pragma application_id = {APPLICATION_ID};");
    let fail = |error| fault(path, "migrating", &error);
    conn.execute_batch(sql).and_then(|()| conn.execute_batch(&marks)).map_err(fail)
}
