//! Flows: one whole, pages, counts.

use super::output;
use super::readers::{decode, record, sql_limit};
use super::statements::sql;
use crate::query::{FlowBundle, FlowCounts, FlowFilter, FlowRow, Owners};
use clawflow_core::Millis;
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::ids::FlowId;
use clawflow_core::step::{Step, StepResult};
use clawflow_core::wait::Wait;
use rusqlite::{Connection, OptionalExtension, Result, Row};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Larger than every id.
pub(super) const LAST_ID: &str = "\u{10ffff}";

pub(super) fn get(conn: &Connection, id: &str) -> Result<Option<Flow>> {
    let mut query = conn.prepare_cached(sql!(flow_get))?;
    query.query_row([id], |row| record(row, 0)).optional()
}

pub(super) fn load(conn: &Connection, id: &FlowId) -> Result<Option<FlowBundle>> {
    let Some(flow) = get(conn, id.as_str())? else { return Ok(None) };
    let mut query = conn.prepare_cached(sql!(spec_get))?;
    let inputs = query.query_row([id.as_str()], |row| Ok((record(row, 0)?, row.get(1)?)));
    let (spec, source) = inputs.optional()?.unzip();
    let mut query = conn.prepare_cached(sql!(step_load))?;
    let steps = query.query_map([id.as_str()], |row| step_with_result(row).map(Arc::new))?;
    let mut steps = steps.collect::<Result<Vec<_>>>()?;
    steps.sort_by_key(|step| step.position);
    let tasks = of_flow(conn, sql!(task_open_of_flow), id)?.into_iter().map(Arc::new).collect();
    let waits = of_flow(conn, sql!(wait_open_of_flow), id)?.into_iter().map(Arc::new).collect();
    let last_event = super::events::last(conn, id.as_str())?;
    Ok(Some(FlowBundle { flow, spec, source, steps, tasks, waits, last_event }))
}

fn step_with_result(row: &Row<'_>) -> Result<Step> {
    let result = row.get_ref(1)?.as_str_or_null()?;
    let mut result = result.map(|text| decode::<StepResult>(text, 1)).transpose()?;
    // Before schema 2 it was in the result.
    if let (Some(result), Some(stdout)) = (&mut result, output::read(row, 2)?) {
        result.stdout = Some(stdout);
    }
    Ok(Step { result, ..record(row, 0)? })
}

pub(super) fn steps(conn: &Connection, id: &FlowId) -> Result<Vec<Step>> {
    let mut steps: Vec<Step> = of_flow(conn, sql!(step_list), id)?;
    steps.sort_by_key(|step| step.position);
    Ok(steps)
}

/// Those for any key, and those for this one.
pub(super) fn open_event_waits(
    conn: &Connection,
    owner: &str,
    name: &str,
    key: Option<&str>,
    flow: Option<&FlowId>,
) -> Result<Vec<Wait>> {
    let mut query = conn.prepare_cached(sql!(wait_open_event))?;
    let flow = flow.map(FlowId::as_str);
    let mut waits: Vec<Wait> = Vec::new();
    for wanted in [None, key].iter().take(1 + usize::from(key.is_some())) {
        let found = query.query_map((owner, name, wanted, flow), |row| record(row, 0))?;
        waits.extend(found.collect::<Result<Vec<_>>>()?);
    }
    waits.sort_by(|a, b| a.wait_id.cmp(&b.wait_id));
    Ok(waits)
}

pub(super) fn waits(conn: &Connection, id: &FlowId) -> Result<Vec<Wait>> {
    of_flow(conn, sql!(wait_of_flow), id)
}

/// Records of a flow, in the order of the statement.
fn of_flow<T: DeserializeOwned>(conn: &Connection, sql: &str, id: &FlowId) -> Result<Vec<T>> {
    let mut query = conn.prepare_cached(sql)?;
    query.query_map([id.as_str()], |row| record(row, 0))?.collect()
}

pub(super) fn list(conn: &Connection, filter: &FlowFilter) -> Result<Vec<FlowRow>> {
    ids(conn, filter)?.iter().filter_map(|id| row(conn, id).transpose()).collect()
}

/// Those that may go.
pub(super) fn ended(
    conn: &Connection,
    (status, before): (FlowStatus, Millis),
    owners: &Owners,
    after: Option<&FlowId>,
    limit: usize,
) -> Result<Vec<FlowId>> {
    let mut query = conn.prepare_cached(sql!(flow_ended))?;
    let after = after.map_or("", FlowId::as_str);
    let last = super::tasks::last_id(FlowId::PREFIX, before);
    let (only, except) = globs(owners);
    let params = (status.as_str(), after, last, before, sql_limit(limit), only, except);
    query.query_map(params, |row| row.get(0).map(FlowId))?.collect()
}

/// The owners as SQL has them: a pattern, and a JSON list of patterns if there are any.
pub(super) fn globs(owners: &Owners) -> (Option<String>, Option<String>) {
    // Only `*` has a meaning of its own.
    let glob = |owner: &String| owner.replace('[', "[[]").replace('?', "[?]");
    let except: Vec<String> = owners.except.iter().map(glob).collect();
    let except = (!except.is_empty()).then(|| serde_json::json!(except).to_string());
    (owners.only.as_ref().map(glob), except)
}

/// The newest of the owner.
pub(super) fn latest(conn: &Connection, owner: &str) -> Result<Option<Flow>> {
    let owner_key = Some(owner.to_owned());
    let newest = FlowFilter { owner_key, limit: 1, ..FlowFilter::default() };
    ids(conn, &newest)?.first().map_or(Ok(None), |id| get(conn, id))
}

/// One walk along an index per state, so that a page costs its own length; where the filter asks
/// for more than the index has, also that of what is passed over.
fn ids(conn: &Connection, filter: &FlowFilter) -> Result<Vec<String>> {
    let all = FlowStatus::ALL;
    let wanted = if filter.statuses.is_empty() { all } else { &filter.statuses };
    if let Some(parent) = &filter.parent_flow_id {
        return children(conn, filter, parent);
    }
    let owner = filter.owner_key.as_ref();
    let text = if owner.is_some() { sql!(flow_list_owner) } else { sql!(flow_list) };
    let mut query = conn.prepare_cached(text)?;
    let inside = filter.looks_inside();
    let limit = if inside { usize::MAX } else { filter.limit };
    let mut ids: Vec<String> = Vec::new();
    for status in wanted {
        query.raw_bind_parameter(1, status.as_str())?;
        query.raw_bind_parameter(2, filter.after.as_ref().map_or(LAST_ID, FlowId::as_str))?;
        query.raw_bind_parameter(3, filter.created_since.unwrap_or(Millis::MIN))?;
        query.raw_bind_parameter(4, filter.live_or_ended_since.unwrap_or(Millis::MIN))?;
        query.raw_bind_parameter(5, sql_limit(limit))?;
        if let Some(owner) = owner {
            query.raw_bind_parameter(6, owner)?;
        }
        let enough = ids.len().saturating_add(filter.limit);
        let mut rows = query.raw_query();
        while ids.len() < enough
            && let Some(row) = rows.next()?
        {
            let id: String = row.get(0)?;
            if !inside || is_named(conn, filter, &id)? {
                ids.push(id);
            }
        }
    }
    ids.sort_unstable_by(|a, b| b.cmp(a));
    // A state may be named twice.
    ids.dedup();
    ids.truncate(filter.limit);
    Ok(ids)
}

fn is_named(conn: &Connection, filter: &FlowFilter, id: &str) -> Result<bool> {
    if let Some(wanted) = filter.retried {
        let mut query = conn.prepare_cached(sql!(flow_retried))?;
        if query.query_row([id], |row| row.get::<_, bool>(0))? != wanted {
            return Ok(false);
        }
    }
    Ok(get(conn, id)?.is_some_and(|flow| filter.names(&flow)))
}

/// Of one flow: they are walked whatever their state.
fn children(conn: &Connection, filter: &FlowFilter, parent: &FlowId) -> Result<Vec<String>> {
    // One of the words, with a space on each side of it; nothing: all.
    let words: String = filter.statuses.iter().map(|status| format!(" {status} ")).collect();
    let after = filter.after.as_ref().map_or(LAST_ID, FlowId::as_str);
    let since = filter.created_since.unwrap_or(Millis::MIN);
    let ended = filter.live_or_ended_since.unwrap_or(Millis::MIN);
    let (limit, owner) = (sql_limit(filter.limit), filter.owner_key.as_deref());
    let mut query = conn.prepare_cached(sql!(flow_list_parent))?;
    let params = (&words, after, since, ended, limit, parent.as_str(), owner);
    query.query_map(params, |row| row.get(0))?.collect()
}

/// The text of a definition.
pub(super) fn definition(conn: &Connection, hash: &str) -> Result<Option<String>> {
    let mut query = conn.prepare_cached(sql!(definition_get))?;
    query.query_row([hash], |row| row.get(0)).optional()
}

pub(super) fn wait(conn: &Connection, id: &str) -> Result<Option<Wait>> {
    let mut query = conn.prepare_cached(sql!(wait_get))?;
    query.query_row([id], |row| record(row, 0)).optional()
}

fn row(conn: &Connection, id: &str) -> Result<Option<FlowRow>> {
    let Some(flow) = get(conn, id)? else { return Ok(None) };
    let mut query = conn.prepare_cached(sql!(task_counts))?;
    let (tasks_active, tasks_total) =
        query.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Some(FlowRow { flow, tasks_active, tasks_total }))
}

pub(super) fn count(conn: &Connection, owner: Option<&str>) -> Result<FlowCounts> {
    let number = |sql: &str, params: &[&str]| -> Result<u64> {
        let mut query = conn.prepare_cached(sql)?;
        query.query_row(rusqlite::params_from_iter(params), |row| row.get(0))
    };
    let mut counts = FlowCounts::default();
    let mut others = 0;
    for status in FlowStatus::ALL.iter().filter(|status| **status != FlowStatus::Succeeded) {
        let count = match owner {
            Some(owner) => number(sql!(flow_count_owner), &[owner, status.as_str()])?,
            None => number(sql!(flow_count_status), &[status.as_str()])?,
        };
        counts.by_status.insert(*status, count);
        others += count;
    }
    // Most flows have succeeded. SQLite counts all rows of a table by whole pages of its smallest
    // index, and those with some value one by one.
    let succeeded = match owner {
        Some(owner) => number(sql!(flow_count_owner), &[owner, FlowStatus::Succeeded.as_str()])?,
        None => number(sql!(flow_count), &[])?.saturating_sub(others),
    };
    counts.by_status.insert(FlowStatus::Succeeded, succeeded);
    counts.by_status.retain(|_, count| *count > 0);
    let mut query = conn.prepare_cached(sql!(flow_count_cancelling))?;
    counts.cancel_requested = query.query_row([owner], |row| row.get(0))?;
    Ok(counts)
}

pub(super) fn next_in_line(conn: &Connection, owner: &str, key: &str) -> Result<Option<FlowId>> {
    let mut query = conn.prepare_cached(sql!(flow_next_in_line))?;
    let id: Option<String> = query.query_row((owner, key), |row| row.get(0))?;
    Ok(id.map(FlowId))
}

pub(super) fn lines(conn: &Connection) -> Result<Vec<(String, String)>> {
    let mut query = conn.prepare_cached(sql!(flow_lines))?;
    query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
