//! Tasks: one, and pages.

use super::flows::LAST_ID;
use super::readers::{record, sql_limit, unreadable};
use super::statements::sql;
use crate::query::{TaskCounts, TaskFilter};
use clawflow_core::Millis;
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::task::{Runtime, Task, TaskStatus};
use rusqlite::{Connection, OptionalExtension, Params, Result};

pub(super) fn get(conn: &Connection, id: &str) -> Result<Option<Task>> {
    let mut query = conn.prepare_cached(sql!(task_get))?;
    query.query_row([id], |row| record(row, 0)).optional()
}

pub(super) fn of_run(
    conn: &Connection,
    owner: &str,
    flow: &FlowId,
    runtime: Runtime,
    run: &str,
) -> Result<Option<Task>> {
    let mut query = conn.prepare_cached(sql!(task_of_run))?;
    let params = (owner, flow.as_str(), runtime.as_str(), run);
    query.query_row(params, |row| record(row, 0)).optional()
}

pub(super) fn count(conn: &Connection, flow: &FlowId) -> Result<TaskCounts> {
    let mut query = conn.prepare_cached(sql!(task_count_by))?;
    let counts = query.query_map([flow.as_str()], |row| {
        let status = row.get_ref(0)?.as_str()?.parse().map_err(|error| unreadable(0, error))?;
        let runtime = row.get_ref(1)?.as_str()?.parse().map_err(|error| unreadable(1, error))?;
        Ok(((status, runtime), row.get(2)?))
    })?;
    counts.collect()
}

pub(super) fn list(conn: &Connection, filter: &TaskFilter) -> Result<Vec<Task>> {
    let after = filter.after.as_ref().map_or(LAST_ID, TaskId::as_str);
    let since = filter.created_since.unwrap_or(Millis::MIN);
    let limit = sql_limit(filter.limit);
    // One of the words, with a space on each side of it; nothing: all.
    let words: String = filter.statuses.iter().map(|status| format!(" {status} ")).collect();
    let owner = filter.owner_key.as_deref();
    let rows = match (&filter.flow_id, owner) {
        (Some(flow), _) => {
            let params = (&words, after, since, limit, flow.as_str(), owner);
            rows(conn, sql!(task_list_flow), params)?
        }
        (None, Some(owner)) => {
            rows(conn, sql!(task_list_owner), (&words, after, since, limit, owner))?
        }
        (None, None) if few(&filter.statuses) => {
            let mut found = Vec::new();
            for status in &filter.statuses {
                let open = !status.is_terminal();
                let text = if open { sql!(task_list_open) } else { sql!(task_list_bad) };
                found.extend(rows(conn, text, (status.as_str(), after, since, limit))?);
            }
            found
        }
        (None, None) => rows(conn, sql!(task_list), (&words, after, since, limit))?,
    };
    let mut tasks = rows;
    tasks.sort_by(|a, b| b.task_id.cmp(&a.task_id));
    tasks.dedup_by(|a, b| a.task_id == b.task_id);
    tasks.truncate(filter.limit);
    Ok(tasks)
}

/// Whether only states are wanted that few tasks are in, each of them with an index.
fn few(statuses: &[TaskStatus]) -> bool {
    !statuses.is_empty() && !statuses.contains(&TaskStatus::Succeeded)
}

fn rows(conn: &Connection, sql: &str, params: impl Params) -> Result<Vec<Task>> {
    let mut query = conn.prepare_cached(sql)?;
    query.query_map(params, |row| record(row, 0))?.collect()
}
