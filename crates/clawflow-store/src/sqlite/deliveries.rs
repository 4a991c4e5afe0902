//! Deliveries: one, pages, inboxes, and what is due.

use super::flows::LAST_ID;
use super::readers::{record, sql_limit};
use super::statements::sql;
use crate::query::DeliveryFilter;
use clawflow_core::Millis;
use clawflow_core::delivery::{Delivery, DeliveryState, RouteKind};
use clawflow_core::ids::DeliveryId;
use rusqlite::{Connection, OptionalExtension, Params, Result, Row};

pub(super) fn get(conn: &Connection, id: &str) -> Result<Option<Delivery>> {
    let mut query = conn.prepare_cached(sql!(delivery_get))?;
    query.query_row([id], delivery).optional()
}

/// A record with its place, which has a column of its own.
fn delivery(row: &Row<'_>) -> Result<Delivery> {
    Ok(Delivery { place: row.get(1)?, ..record(row, 0)? })
}

fn all(conn: &Connection, sql: &str, params: impl Params) -> Result<Vec<Delivery>> {
    conn.prepare_cached(sql)?.query_map(params, delivery)?.collect()
}

/// One walk along an index per state, so that a page costs its own length.
pub(super) fn inbox(
    conn: &Connection,
    owner_key: Option<&str>,
    states: &[DeliveryState],
    after: u64,
    limit: usize,
) -> Result<Vec<Delivery>> {
    let (after, most) = (i64::try_from(after).unwrap_or(i64::MAX), sql_limit(limit));
    let mut found: Vec<(u64, String)> = Vec::new();
    for state in states.iter().map(|state| state.as_str()) {
        found.extend(match owner_key {
            None => places(conn, sql!(inbox), (state, after, most))?,
            Some(owner) => places(conn, sql!(inbox_owner), (state, after, most, owner))?,
        });
    }
    found.sort_unstable();
    found.truncate(limit);
    found.iter().filter_map(|(_, id)| get(conn, id).transpose()).collect()
}

fn places(conn: &Connection, sql: &str, params: impl Params) -> Result<Vec<(u64, String)>> {
    let mut query = conn.prepare_cached(sql)?;
    query.query_map(params, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

pub(super) fn of_key(conn: &Connection, owner_key: &str, key: &str) -> Result<Vec<Delivery>> {
    all(conn, sql!(delivery_of_key), (owner_key, key))
}

pub(super) fn due(conn: &Connection, now: Millis, limit: usize) -> Result<Vec<Delivery>> {
    let mut due: Vec<Delivery> = all(conn, sql!(delivery_due), (now, sql_limit(limit)))?;
    due.sort_by(|a, b| (a.due_at, &a.delivery_id).cmp(&(b.due_at, &b.delivery_id)));
    Ok(due)
}

pub(super) fn list(conn: &Connection, filter: &DeliveryFilter) -> Result<Vec<Delivery>> {
    let mut ids = match (&filter.task_id, &filter.flow_id) {
        (Some(id), _) => ids(conn, sql!(delivery_list_task), [id.as_str()])?,
        (None, Some(id)) => ids(conn, sql!(delivery_list_flow), [id.as_str()])?,
        (None, None) => by_state(conn, filter)?,
    };
    ids.sort_unstable();
    // A state may be named twice.
    ids.dedup();
    if !filter.oldest_first {
        ids.reverse();
    }
    let mut found = Vec::new();
    for id in ids {
        if found.len() == filter.limit {
            break;
        }
        found.extend(get(conn, &id)?.filter(|row| filter.wants(row)));
    }
    Ok(found)
}

/// One walk along an index per state, so that a page costs its own length.
fn by_state(conn: &Connection, filter: &DeliveryFilter) -> Result<Vec<String>> {
    let (sql, first) = match (&filter.owner_key, filter.oldest_first) {
        (None, false) => (sql!(delivery_list), LAST_ID),
        (None, true) => (sql!(delivery_list_oldest), ""),
        (Some(_), false) => (sql!(delivery_list_owner), LAST_ID),
        (Some(_), true) => (sql!(delivery_list_owner_oldest), ""),
    };
    let after = filter.after.as_ref().map_or(first, DeliveryId::as_str);
    let route = filter.route.map(RouteKind::as_str);
    let limit = sql_limit(filter.limit);
    let every = DeliveryState::ALL;
    let wanted = if filter.states.is_empty() { every } else { &filter.states };
    let mut found = Vec::new();
    for state in wanted {
        let state = state.as_str();
        found.extend(match &filter.owner_key {
            None => ids(conn, sql, (state, after, route, limit))?,
            Some(owner) => ids(conn, sql, (state, after, route, limit, owner))?,
        });
    }
    Ok(found)
}

fn ids(conn: &Connection, sql: &str, params: impl Params) -> Result<Vec<String>> {
    conn.prepare_cached(sql)?.query_map(params, |row| row.get(0))?.collect()
}
