//! What a person may mean by a word.

use super::flows;
use super::kept;
use super::readers::record;
use super::statements::sql;
use super::tasks;
use crate::query::{FIND_CHARS_MIN, FIND_MAX};
use clawflow_core::flow::Flow;
use clawflow_core::task::Task;
use clawflow_core::token::Token;
use rusqlite::{Connection, Params, Result};

pub(super) fn find_flows(conn: &Connection, token: &str) -> Result<Vec<Flow>> {
    if let Some(flow) = flows::get(conn, token)? {
        return Ok(vec![flow]);
    }
    let mut found = ids(conn, sql!(flow_find_live_key), (token, FIND_MAX as i64))?;
    if found.is_empty() {
        found = ids(conn, sql!(flow_find_key), [token])?;
    }
    if found.is_empty() && token.chars().count() >= FIND_CHARS_MIN {
        found = ids(conn, sql!(flow_find_part), (token, FIND_MAX as i64))?;
    }
    if found.is_empty() {
        found = ids(conn, sql!(flow_find_owner), [token])?;
    }
    found.iter().filter_map(|id| flows::get(conn, id).transpose()).collect()
}

pub(super) fn flow_of_key(conn: &Connection, owner: &str, key: &str) -> Result<Option<Flow>> {
    let found = ids(conn, sql!(flow_of_key), [owner, key])?;
    found.first().map_or(Ok(None), |id| flows::get(conn, id))
}

pub(super) fn find_tasks(conn: &Connection, owner: Option<&str>, token: &str) -> Result<Vec<Task>> {
    let seen = |task: &Task| owner.is_none_or(|owner| task.owner_key == owner);
    if let Some(task) = tasks::get(conn, token)?.filter(seen) {
        return Ok(vec![task]);
    }
    let mut found = Vec::new();
    if token.chars().count() >= FIND_CHARS_MIN {
        found = ids(conn, sql!(task_find_part), (token, FIND_MAX as i64, owner))?;
    }
    if found.is_empty() {
        let mut query = conn.prepare_cached(sql!(task_find_run))?;
        let run = query.query_map((token, FIND_MAX as i64, owner), |row| record(row, 0))?;
        let run = run.collect::<Result<Vec<_>>>()?;
        if !run.is_empty() {
            return Ok(run);
        }
        found = ids(conn, sql!(task_find_session), (token, owner))?;
    }
    found.iter().filter_map(|id| tasks::get(conn, id).transpose()).collect()
}

pub(super) fn find_tokens(conn: &Connection, token: &str) -> Result<Vec<Token>> {
    let mut found = kept::records(conn, sql!(token_get), [token])?;
    if found.is_empty() {
        found = kept::records(conn, sql!(token_find), [token])?;
    }
    Ok(found)
}

/// The ids in the first column; none for null.
fn ids(conn: &Connection, sql: &str, params: impl Params) -> Result<Vec<String>> {
    let mut query = conn.prepare_cached(sql)?;
    let ids = query.query_map(params, |row| row.get::<_, Option<String>>(0))?;
    ids.filter_map(Result::transpose).collect()
}
