//! What is to be done, now and later.

use super::readers::{record, sql_limit, unreadable};
use super::statements::sql;
use crate::query::{Due, DueWhat, Work};
use clawflow_core::Millis;
use clawflow_core::ids::{FlowId, TaskId, WaitId};
use rusqlite::{Connection, Result, Row, params_from_iter};

pub(super) fn work(conn: &Connection, only: Option<&FlowId>) -> Result<Work> {
    let tasks = match only {
        None => sql!(work_tasks),
        Some(_) => sql!(work_tasks_flow),
    };
    let mut query = conn.prepare_cached(tasks)?;
    let found = query.query_map(params_from_iter(only.map(FlowId::as_str)), |row| {
        let status = row.get_ref(1)?.as_str()?.parse().map_err(|error| unreadable(1, error))?;
        Ok((TaskId(row.get(0)?), status, row.get::<_, Option<String>>(2)?.map(FlowId)))
    })?;
    let tasks = found.collect::<Result<_>>()?;
    let children = match only {
        None => sql!(work_children),
        Some(_) => sql!(work_children_flow),
    };
    let mut query = conn.prepare_cached(children)?;
    let params = params_from_iter(only.map(FlowId::as_str));
    let children = query.query_map(params, |row| record(row, 0))?.collect::<Result<_>>()?;
    Ok(Work { tasks, children })
}

pub(super) fn due(
    conn: &Connection,
    now: Millis,
    only: Option<&FlowId>,
    limit: usize,
) -> Result<Vec<Due>> {
    let (steps, waits) = match only {
        None => (sql!(due_steps), sql!(due_waits)),
        Some(_) => (sql!(due_steps_flow), sql!(due_waits_flow)),
    };
    let mut due = timers(conn, steps, now, only, limit, DueWhat::Retry)?;
    due.extend(timers(conn, waits, now, only, limit, |id| DueWhat::Wait(WaitId(id)))?);
    due.sort_by(Due::order);
    due.truncate(limit);
    Ok(due)
}

fn timers(
    conn: &Connection,
    sql: &str,
    now: Millis,
    only: Option<&FlowId>,
    limit: usize,
    what: impl Fn(String) -> DueWhat,
) -> Result<Vec<Due>> {
    let mut query = conn.prepare_cached(sql)?;
    let read = |row: &Row<'_>| {
        Ok(Due { at: row.get(0)?, flow_id: FlowId(row.get(1)?), what: what(row.get(2)?) })
    };
    let limit = sql_limit(limit);
    match only {
        None => query.query_map((now, limit), read)?.collect(),
        Some(flow) => query.query_map((now, limit, flow.as_str()), read)?.collect(),
    }
}
