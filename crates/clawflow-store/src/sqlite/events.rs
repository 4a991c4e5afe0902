//! History.

use super::readers::{decode, sql_limit};
use super::statements::sql;
use crate::query::EventFilter;
use clawflow_core::event::{Event, StoredEvent};
use rusqlite::{Connection, Result, Row};
use serde_json::Value;

pub(super) fn last(conn: &Connection, subject: &str) -> Result<u64> {
    let mut query = conn.prepare_cached(sql!(last_event))?;
    query.query_row([subject], |row| row.get(0))
}

pub(super) fn last_seq(conn: &Connection) -> Result<u64> {
    let mut query = conn.prepare_cached(sql!(last_seq))?;
    query.query_row([], |row| row.get(0))
}

pub(super) fn list(conn: &Connection, filter: &EventFilter) -> Result<Vec<StoredEvent>> {
    let after = i64::try_from(filter.after).unwrap_or(i64::MAX);
    let limit = sql_limit(filter.limit);
    match (&filter.subject, &filter.owner_key) {
        (None, None) => {
            let mut query = conn.prepare_cached(sql!(event_list))?;
            query.query_map((after, limit), event)?.collect()
        }
        (None, Some(owner)) => {
            let mut query = conn.prepare_cached(sql!(event_list_owner))?;
            query.query_map((after, limit, owner), event)?.collect()
        }
        (Some(subject), owner) => {
            let mut query = conn.prepare_cached(sql!(event_list_subject))?;
            query.query_map((after, limit, subject, owner), event)?.collect()
        }
    }
}

fn event(row: &Row<'_>) -> Result<StoredEvent> {
    let data = row.get_ref(7)?.as_str_or_null()?;
    let event = Event {
        subject: row.get(1)?,
        number: row.get(2)?,
        owner_key: row.get(8)?,
        at: row.get(3)?,
        actor: row.get(9)?,
        kind: row.get(4)?,
        step_id: row.get(5)?,
        task_id: row.get(6)?,
        data: data.map_or(Ok(Value::Null), |text| decode(text, 7))?,
    };
    Ok(StoredEvent { seq: row.get(0)?, event })
}
