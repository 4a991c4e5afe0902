//! Kept signals, access tokens, and outcomes of commands.

use super::readers::{decode, record, sql_limit};
use super::statements::sql;
use clawflow_core::idempotency::Outcome;
use clawflow_core::ids::SignalId;
use clawflow_core::signal::Signal;
use clawflow_core::token::Token;
use rusqlite::{Connection, OptionalExtension, Params, Result};
use serde::de::DeserializeOwned;

/// The records in the first column.
pub(super) fn records<T: DeserializeOwned>(
    conn: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Vec<T>> {
    conn.prepare_cached(sql)?.query_map(params, |row| record(row, 0))?.collect()
}

pub(super) fn signals(
    conn: &Connection,
    owner: &str,
    name: &str,
    key: Option<&str>,
    limit: usize,
) -> Result<Vec<Signal>> {
    records(conn, sql!(signal_kept), (owner, name, key, sql_limit(limit)))
}

pub(super) fn oldest_signals(conn: &Connection, owner: &str, limit: usize) -> Result<Vec<Signal>> {
    records(conn, sql!(signal_oldest), (owner, sql_limit(limit)))
}

pub(super) fn all_signals(
    conn: &Connection,
    after: Option<&SignalId>,
    limit: usize,
) -> Result<Vec<Signal>> {
    // Every id is larger than nothing.
    let after = after.map_or("", SignalId::as_str);
    records(conn, sql!(signal_list), (after, sql_limit(limit)))
}

pub(super) fn count_signals(conn: &Connection, owner: &str) -> Result<u64> {
    conn.prepare_cached(sql!(signal_count))?.query_row([owner], |row| row.get(0))
}

pub(super) fn token_by_hash(conn: &Connection, hash: &str) -> Result<Option<Token>> {
    let mut query = conn.prepare_cached(sql!(token_by_hash))?;
    query.query_row([hash], |row| record(row, 0)).optional()
}

pub(super) fn tokens(conn: &Connection) -> Result<Vec<Token>> {
    records(conn, sql!(token_list), [])
}

pub(super) fn outcome(conn: &Connection, owner: &str, key: &str) -> Result<Option<Outcome>> {
    let mut query = conn.prepare_cached(sql!(outcome_get))?;
    let found = query.query_row([owner, key], |row| {
        Ok(Outcome {
            owner_key: owner.to_owned(),
            key: key.to_owned(),
            content_hash: row.get(0)?,
            created_at: row.get(1)?,
            answer: decode(row.get_ref(2)?.as_str()?, 2)?,
        })
    });
    found.optional()
}
