//! Tasks: one, and pages.

use super::flows::{LAST_ID, globs};
use super::readers::{record, sql_limit, unreadable};
use super::statements::sql;
use crate::query::{EndedTask, Owners, TaskCounts, TaskFilter};
use clawflow_core::Millis;
use clawflow_core::ids::{FlowId, TaskId, encode};
use clawflow_core::task::{Runtime, Task, TaskStatus};
use rusqlite::{Connection, OptionalExtension, Result};

pub(super) fn get(conn: &Connection, id: &str) -> Result<Option<Task>> {
    let mut query = conn.prepare_cached(sql!(task_get))?;
    query.query_row([id], |row| record(row, 0)).optional()
}

/// What the task reads.
pub(super) fn input(conn: &Connection, id: &str) -> Result<Option<String>> {
    let mut query = conn.prepare_cached(sql!(task_input))?;
    query.query_row([id], |row| row.get(0)).optional()
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

pub(super) fn in_queues(conn: &Connection, status: TaskStatus) -> Result<Vec<Task>> {
    let mut query = conn.prepare_cached(sql!(task_in_queues))?;
    query.query_map([status.as_str()], |row| record(row, 0))?.collect()
}

pub(super) fn starts(
    conn: &Connection,
    queue: &str,
    since: Millis,
    limit: usize,
) -> Result<Vec<Millis>> {
    let mut query = conn.prepare_cached(sql!(queue_starts))?;
    query.query_map((queue, since, sql_limit(limit)), |row| row.get(0))?.collect()
}

/// One walk along the index that is likely to be the shortest, so that a page costs its own length;
/// what else is asked for is looked at on the way.
pub(super) fn list(conn: &Connection, filter: &TaskFilter) -> Result<Vec<Task>> {
    let walk = |sql, word: Option<&str>| rows(conn, sql, filter, word);
    let mut tasks = match filter {
        TaskFilter { flow_id: Some(_), .. } => walk(sql!(task_list_flow), None)?,
        TaskFilter { label: Some(_), .. } => walk(sql!(task_list_label), None)?,
        TaskFilter { statuses, owner_key, .. } if few(statuses) => {
            let bad = match owner_key {
                Some(_) => sql!(task_list_bad_owner),
                None => sql!(task_list_bad),
            };
            let mut found = Vec::new();
            for status in statuses {
                let open = !status.is_terminal();
                let text = if open { sql!(task_list_open) } else { bad };
                found.extend(walk(text, Some(status.as_str()))?);
            }
            found
        }
        TaskFilter { runtimes, .. } if !runtimes.is_empty() => {
            let mut found = Vec::new();
            for runtime in runtimes {
                found.extend(walk(sql!(task_list_runtime), Some(runtime.as_str()))?);
            }
            found
        }
        TaskFilter { owner_key: Some(_), .. } => walk(sql!(task_list_owner), None)?,
        _ => walk(sql!(task_list), None)?,
    };
    tasks.sort_by(|a, b| b.task_id.cmp(&a.task_id));
    tasks.dedup_by(|a, b| a.task_id == b.task_id);
    tasks.truncate(filter.limit);
    Ok(tasks)
}

/// Whether only states are wanted that few tasks are in, each of them with an index.
fn few(statuses: &[TaskStatus]) -> bool {
    !statuses.is_empty() && !statuses.contains(&TaskStatus::Succeeded)
}

/// Those of the words, each with a space on both sides of it; nothing: all.
fn words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(|word| format!(" {word} ")).collect()
}

/// A walk. Every condition is in each statement; `word` is the part of the index that is walked.
fn rows(
    conn: &Connection,
    sql: &str,
    filter: &TaskFilter,
    word: Option<&str>,
) -> Result<Vec<Task>> {
    let since = filter.created_since.unwrap_or(Millis::MIN);
    let mut query = conn.prepare_cached(sql)?;
    query.raw_bind_parameter(1, words(filter.statuses.iter().map(|status| status.as_str())))?;
    query.raw_bind_parameter(2, filter.after.as_ref().map_or(LAST_ID, TaskId::as_str))?;
    query.raw_bind_parameter(3, since)?;
    query.raw_bind_parameter(4, sql_limit(filter.limit))?;
    query.raw_bind_parameter(5, filter.owner_key.as_deref())?;
    query.raw_bind_parameter(6, filter.flow_id.as_ref().map(FlowId::as_str))?;
    query.raw_bind_parameter(7, filter.label.as_deref())?;
    query.raw_bind_parameter(8, words(filter.runtimes.iter().map(|runtime| runtime.as_str())))?;
    query.raw_bind_parameter(9, first_id(since))?;
    if let Some(word) = word {
        query.raw_bind_parameter(10, word)?;
    }
    let mut found = Vec::new();
    let mut rows = query.raw_query();
    while let Some(row) = rows.next()? {
        found.push(record(row, 0)?);
    }
    Ok(found)
}

/// Those without a flow that may go.
pub(super) fn ended(
    conn: &Connection,
    (status, before): (TaskStatus, Millis),
    owners: &Owners,
    after: Option<&TaskId>,
    limit: usize,
) -> Result<Vec<EndedTask>> {
    let mut query = conn.prepare_cached(sql!(task_ended))?;
    let after = after.map_or("", TaskId::as_str);
    let last = last_id(TaskId::PREFIX, before);
    let (only, except) = globs(owners);
    let params = (status.as_str(), after, last, before, sql_limit(limit), only, except);
    let rows = query.query_map(params, |row| {
        Ok(EndedTask { task_id: TaskId(row.get(0)?), boot_id: row.get(1)?, fence: row.get(2)? })
    })?;
    rows.collect()
}

/// An id after all that were made before this time, with a day for clocks that differ: what was
/// made later cannot have ended before.
pub(super) fn last_id(prefix: &str, before: Millis) -> String {
    match u128::try_from(before.saturating_add(DAY_MS)) {
        // Ids of another form, as tests make them, have the times of tests.
        Ok(to) if before > DAY_MS => format!("{prefix}{}", encode(to.min(TIME_MAX) << 80)),
        _ => LAST_ID.to_owned(),
    }
}

/// The latest time that an id can begin with.
const TIME_MAX: u128 = (1 << 48) - 1;
/// What is given for clocks that differ.
const DAY_MS: Millis = 24 * 60 * 60 * 1000;

/// An id begins with its time, and a task is told of after it was made: before this id there is
/// none made since then. A day is given for clocks that differ.
fn first_id(since: Millis) -> String {
    let from = u128::try_from(since.saturating_sub(DAY_MS)).unwrap_or_default();
    // Ids of another form, as tests make them, are not cut off by a time before 1970.
    match from {
        0 => String::new(),
        from => format!("{}{}", TaskId::PREFIX, encode(from << 80)),
    }
}
