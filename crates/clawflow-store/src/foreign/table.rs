//! The tables that are read, and pages of them.

use super::cells;
use super::error::ForeignError;
use super::limits::{ID_CHARS_MAX, PAGE_BYTES};
use super::snapshot::unreadable;
use clawflow_core::import::openclaw::{FLOW_COLUMNS, JOB_COLUMNS, TASK_COLUMNS};
use clawflow_core::json::Object;
use clawflow_core::limits::cut;
use rusqlite::{Connection, Error, ErrorCode};
use std::path::Path;

/// A table of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Flows.
    Flows,
    /// Tasks.
    Tasks,
    /// Cron jobs.
    Jobs,
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignRow {
    /// Its id; `row N` where it has none that can be told.
    pub id: String,
    /// Its columns, or why they cannot be had.
    pub columns: Result<Object, String>,
    /// Bytes of its columns, about.
    pub bytes: usize,
    /// Its place in the table.
    pub(super) rowid: i64,
}

impl Table {
    /// All of them, flows before their tasks.
    pub const ALL: [Self; 3] = [Self::Flows, Self::Tasks, Self::Jobs];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Flows => "flow_runs",
            Self::Tasks => "task_runs",
            Self::Jobs => "cron_jobs",
        }
    }

    pub(super) fn id(self) -> &'static str {
        self.known()[0]
    }

    pub(super) fn known(self) -> &'static [&'static str] {
        match self {
            Self::Flows => FLOW_COLUMNS,
            Self::Tasks => TASK_COLUMNS,
            Self::Jobs => JOB_COLUMNS,
        }
    }

    /// Columns without which it is not the table that is known.
    pub(super) fn needed(self) -> &'static [&'static str] {
        match self {
            Self::Flows => &["flow_id", "status", "goal", "created_at", "updated_at", "ended_at"],
            Self::Tasks => {
                &["task_id", "runtime", "task", "status", "created_at", "ended_at", "last_event_at"]
            }
            Self::Jobs => &["job_id", "job_json"],
        }
    }

    fn page_sql(self) -> &'static str {
        match self {
            Self::Flows => include_str!("sql/flows_page.sql"),
            Self::Tasks => include_str!("sql/tasks_page.sql"),
            Self::Jobs => include_str!("sql/jobs_page.sql"),
        }
    }

    fn next_sql(self) -> &'static str {
        match self {
            Self::Flows => include_str!("sql/flows_next.sql"),
            Self::Tasks => include_str!("sql/tasks_next.sql"),
            Self::Jobs => include_str!("sql/jobs_next.sql"),
        }
    }

    pub(super) fn count_sql(self) -> &'static str {
        match self {
            Self::Flows => include_str!("sql/flows_count.sql"),
            Self::Tasks => include_str!("sql/tasks_count.sql"),
            Self::Jobs => include_str!("sql/jobs_count.sql"),
        }
    }

    pub(super) fn check_sql(self) -> &'static str {
        match self {
            Self::Flows => include_str!("sql/flows_check.sql"),
            Self::Tasks => include_str!("sql/tasks_check.sql"),
            Self::Jobs => include_str!("sql/jobs_check.sql"),
        }
    }
}

/// The rows after a place, at most so many; none: there are no more.
pub(super) fn page(
    conn: &Connection,
    file: &Path,
    table: Table,
    after: i64,
    limit: usize,
) -> Result<Vec<ForeignRow>, ForeignError> {
    let mut found = Vec::new();
    match read(conn, table, after, limit, &mut found) {
        Ok(()) => Ok(found),
        Err(error) if is_too_big(&error) => {
            if found.is_empty() {
                found
                    .extend(too_big(conn, table, after).map_err(|error| unreadable(file, &error))?);
            }
            Ok(found)
        }
        Err(error) => Err(unreadable(file, &error)),
    }
}

fn read(
    conn: &Connection,
    table: Table,
    after: i64,
    limit: usize,
    found: &mut Vec<ForeignRow>,
) -> rusqlite::Result<()> {
    let mut query = conn.prepare_cached(table.page_sql())?;
    let names: Vec<String> = query.column_names().map(str::to_lowercase).collect();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = query.query((after, limit))?;
    let mut total = 0;
    while let Some(row) = rows.next()? {
        let rowid: i64 = row.get(0)?;
        let (columns, bytes) = match cells::columns(row, &names, table.known())? {
            Ok((columns, bytes)) => (Ok(columns), bytes),
            Err(why) => (Err(why), 0),
        };
        let id = columns.as_ref().ok().and_then(|it| it.get(table.id())?.as_str());
        let id = match id.filter(|id| !id.is_empty()) {
            Some(id) => cut(id, ID_CHARS_MAX),
            None => text(row, &names, table.id()).unwrap_or_else(|| format!("row {rowid}")),
        };
        found.push(ForeignRow { id, columns, bytes, rowid });
        total += bytes;
        if total > PAGE_BYTES {
            break;
        }
    }
    Ok(())
}

fn text(row: &rusqlite::Row<'_>, names: &[String], name: &str) -> Option<String> {
    let at = names.iter().position(|one| one == name)?;
    let id = row.get::<_, String>(at).ok().filter(|id| !id.is_empty())?;
    Some(cut(&id, ID_CHARS_MAX))
}

pub(super) fn is_too_big(error: &Error) -> bool {
    matches!(error, Error::SqliteFailure(cause, _) if cause.code == ErrorCode::TooBig)
}

/// The row after a place, of which a value is too large to be read.
fn too_big(conn: &Connection, table: Table, after: i64) -> rusqlite::Result<Option<ForeignRow>> {
    let mut query = conn.prepare_cached(table.next_sql())?;
    let mut rows = query.query([after])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let rowid: i64 = row.get(0)?;
    let id = row.get::<_, Option<String>>(1).ok().flatten().filter(|id| !id.is_empty());
    Ok(Some(ForeignRow {
        id: id.unwrap_or_else(|| format!("row {rowid}")),
        columns: Err("a value of it is too large".to_owned()),
        bytes: 0,
        rowid,
    }))
}
