//! Schedules and their runs.

use super::apply::only_one;
use super::flows::LAST_ID;
use super::kept::records;
use super::limits::EXPIRE_MAX;
use super::readers::{record, sql_limit};
use super::statements::{Statements, sql};
use super::store::SqliteStore;
use super::writer::Expiry;
use crate::error::StoreError;
use crate::query::{FIND_CHARS_MIN, FIND_MAX};
use crate::schedules::{RunFilter, ScheduleCounts, ScheduleFilter, ScheduleStore};
use clawflow_core::Millis;
use clawflow_core::ids::{FlowId, RunId, ScheduleId, TaskId};
use clawflow_core::schedule::{PayloadKind, RunStatus, Schedule, ScheduleRun, State};
use clawflow_core::unit::Change;
use rusqlite::{Connection, OptionalExtension, Params, Result, Row, params};
use serde::de::DeserializeOwned;
use std::ops::Range;

/// Writes a schedule. Gives the texts that it names no more: what nobody names goes once the whole
/// unit is written.
pub(super) fn put(
    change: &Change<Schedule>,
    text: &str,
    s: &mut Statements<'_>,
) -> Result<Vec<String>> {
    let row = &change.row;
    let (id, hash) = (row.schedule_id.as_str(), row.payload.definition_hash());
    let files = row.payload.files_hash();
    let mirrors = row.payload.kind() == PayloadKind::Mirror;
    if change.expected.is_none() {
        let new = params![
            id,
            row.name,
            row.version,
            row.enabled,
            row.next_at,
            hash,
            text,
            row.owner_key,
            row.created_at,
            files,
            mirrors
        ];
        only_one(s.schedule_insert.execute(new)?)?;
        return Ok(Vec::new());
    }
    let mut was = s.schedule_hash.query_row([id], kept)?;
    let (version, enabled, next_at) = (row.version, row.enabled, row.next_at);
    let new = params![id, row.name, version, enabled, next_at, hash, text, files, mirrors];
    only_one(s.schedule_update.execute(new)?)?;
    was.retain(|was| ![hash, files].contains(&Some(was.as_str())));
    Ok(was)
}

/// The texts that a schedule names.
fn kept(row: &Row<'_>) -> Result<Vec<String>> {
    let named: [Option<String>; 2] = [row.get(0)?, row.get(1)?];
    Ok(named.into_iter().flatten().collect())
}

pub(super) fn put_run(
    change: &Change<ScheduleRun>,
    text: &str,
    s: &mut Statements<'_>,
) -> Result<()> {
    let row = &change.row;
    let (id, status) = (row.run_id.as_str(), row.status.as_str());
    let task = row.task_id.as_ref().map(TaskId::as_str);
    let flow = row.flow_id.as_ref().map(FlowId::as_str);
    let (due, ended, started) = (row.due_at, row.ended_at, row.started_at);
    let written = match change.expected {
        Some(_) => {
            let new = params![id, row.version, status, task, flow, due, ended, text, started];
            s.run_update.execute(new)
        }
        None => s.run_insert.execute(params![
            id,
            row.version,
            status,
            task,
            flow,
            due,
            ended,
            text,
            row.schedule_id.as_str(),
            row.owner_key,
            row.slot,
            row.created_at,
            started
        ]),
    };
    only_one(written?)
}

/// Deletes a schedule with its runs; none, if it is gone. Gives the texts that it named.
pub(super) fn drop_one(id: &ScheduleId, s: &mut Statements<'_>) -> Result<Vec<String>> {
    let id = [id.as_str()];
    let was = s.schedule_hash.query_row(id, kept).optional()?;
    s.run_drop.execute(id)?;
    s.schedule_drop.execute(id)?;
    Ok(was.unwrap_or_default())
}

fn one<T: DeserializeOwned>(conn: &Connection, sql: &str, id: &str) -> Result<Option<T>> {
    conn.prepare_cached(sql)?.query_row([id], |row| record(row, 0)).optional()
}

fn state(conn: &Connection, id: &ScheduleId) -> Result<Option<State>> {
    let Some(schedule) = one::<Schedule>(conn, sql!(schedule_get), id.as_str())? else {
        return Ok(None);
    };
    let open = records(conn, sql!(run_open_of), [id.as_str()])?;
    let skipped = match &schedule.skipping {
        Some(row) => one(conn, sql!(run_get), row.as_str())?,
        None => None,
    };
    Ok(Some(State { schedule, open, skipped }))
}

fn find(conn: &Connection, owner: Option<&str>, token: &str) -> Result<Vec<Schedule>> {
    let seen = |row: &Schedule| owner.is_none_or(|owner| owner == row.owner_key);
    if let Some(found) = one(conn, sql!(schedule_get), token)?.filter(seen) {
        return Ok(vec![found]);
    }
    let most = FIND_MAX as i64;
    let named: Vec<Schedule> = records(conn, sql!(schedule_named), (token, most, owner))?;
    if !named.is_empty() || token.chars().count() < FIND_CHARS_MIN {
        return Ok(named);
    }
    records(conn, sql!(schedule_find_part), (token, most, owner))
}

fn list(conn: &Connection, filter: &ScheduleFilter) -> Result<Vec<Schedule>> {
    let after = filter.after.as_ref().map_or(LAST_ID, ScheduleId::as_str);
    let (only, limit) = (filter.enabled_only, sql_limit(filter.limit));
    match &filter.owner_key {
        None => records(conn, sql!(schedule_list), (after, only, limit)),
        Some(owner) => records(conn, sql!(schedule_list_owner), (after, only, limit, owner)),
    }
}

fn runs(conn: &Connection, filter: &RunFilter) -> Result<Vec<ScheduleRun>> {
    let after = filter.after.as_ref().map_or(LAST_ID, RunId::as_str);
    let limit = sql_limit(filter.limit);
    let owner = filter.owner_key.as_deref();
    let schedule = filter.schedule_id.as_ref().map(ScheduleId::as_str);
    let every = RunStatus::ALL;
    let wanted = if filter.statuses.is_empty() { every } else { &filter.statuses };
    let words: Vec<&str> = wanted.iter().map(|status| status.as_str()).collect();
    // One list for all states: a walk along the index of one schedule, or of all.
    let words = format!(" {} ", words.join(" "));
    match schedule {
        Some(id) => records(conn, sql!(run_list_of), (after, owner, limit, words, id)),
        None => records(conn, sql!(run_list), (after, owner, limit, words)),
    }
}

fn ids(conn: &Connection, sql: &str, params: impl Params) -> Result<Vec<ScheduleId>> {
    conn.prepare_cached(sql)?.query_map(params, |row| row.get(0).map(ScheduleId))?.collect()
}

impl ScheduleStore for SqliteStore {
    fn schedule(&self, id: &ScheduleId) -> Result<Option<Schedule>, StoreError> {
        self.readers.read(|conn| one(conn, sql!(schedule_get), id.as_str()))
    }

    fn schedule_state(&self, id: &ScheduleId) -> Result<Option<State>, StoreError> {
        self.readers.read(|conn| state(conn, id))
    }

    fn find_schedules(
        &self,
        owner_key: Option<&str>,
        token: &str,
    ) -> Result<Vec<Schedule>, StoreError> {
        self.readers.read(|conn| find(conn, owner_key, token))
    }

    fn list_schedules(&self, filter: &ScheduleFilter) -> Result<Vec<Schedule>, StoreError> {
        self.readers.read(|conn| list(conn, filter))
    }

    fn group_schedules(
        &self,
        after: Option<&ScheduleId>,
        limit: usize,
    ) -> Result<Vec<Schedule>, StoreError> {
        let after = after.map_or("", ScheduleId::as_str);
        self.readers.read(|conn| records(conn, sql!(schedule_mirrors), (after, sql_limit(limit))))
    }

    fn count_schedules(&self, owner_key: Option<&str>) -> Result<ScheduleCounts, StoreError> {
        self.readers.read(|conn| {
            let mut query = conn.prepare_cached(sql!(schedule_count))?;
            query.query_row([owner_key], |row| {
                Ok(ScheduleCounts { total: row.get(0)?, enabled: row.get(1)? })
            })
        })
    }

    fn due_schedules(&self, now: Millis, limit: usize) -> Result<Vec<ScheduleId>, StoreError> {
        self.readers.read(|conn| ids(conn, sql!(schedule_due), (now, sql_limit(limit))))
    }

    fn due_runs(&self, now: Millis, limit: usize) -> Result<Vec<ScheduleRun>, StoreError> {
        self.readers.read(|conn| records(conn, sql!(run_due), (now, sql_limit(limit))))
    }

    fn next_schedule_due(&self) -> Result<Option<Millis>, StoreError> {
        self.readers
            .read(|conn| conn.prepare_cached(sql!(schedule_next))?.query_row([], |row| row.get(0)))
    }

    fn run(&self, id: &RunId) -> Result<Option<ScheduleRun>, StoreError> {
        self.readers.read(|conn| one(conn, sql!(run_get), id.as_str()))
    }

    fn list_runs(&self, filter: &RunFilter) -> Result<Vec<ScheduleRun>, StoreError> {
        self.readers.read(|conn| runs(conn, filter))
    }

    fn runs_started(
        &self,
        id: &ScheduleId,
        span: Range<Millis>,
        after: Option<&ScheduleRun>,
        limit: usize,
    ) -> Result<Vec<ScheduleRun>, StoreError> {
        let begun = |run: &ScheduleRun| Some((run.started_at?, run.run_id.0.clone()));
        // No id is empty: all that began at the first instant come after this place.
        let (at, run) = after.and_then(begun).unwrap_or((span.start, String::new()));
        let params = (id.as_str(), span.end, at, run, sql_limit(limit));
        self.readers.read(|conn| records(conn, sql!(run_started), params))
    }

    fn window_run(&self, id: &ScheduleId, at: Millis) -> Result<Option<ScheduleRun>, StoreError> {
        self.readers.read(|conn| {
            let mut query = conn.prepare_cached(sql!(run_window))?;
            query.query_row((id.as_str(), at), |row| record(row, 0)).optional()
        })
    }

    fn runs_of_work(&self, id: &str) -> Result<Vec<ScheduleRun>, StoreError> {
        self.readers.read(|conn| records(conn, sql!(run_of_work), [id]))
    }

    fn open_runs(
        &self,
        after: Option<&RunId>,
        limit: usize,
    ) -> Result<Vec<ScheduleRun>, StoreError> {
        let after = after.map_or("", RunId::as_str);
        self.readers.read(|conn| records(conn, sql!(run_open), (after, sql_limit(limit))))
    }

    fn definition(&self, hash: &str) -> Result<Option<String>, StoreError> {
        self.readers.read(|conn| {
            let mut query = conn.prepare_cached(sql!(definition_get))?;
            query.query_row([hash], |row| row.get(0)).optional()
        })
    }

    fn expire_runs(&self, before: Millis) -> Result<u64, StoreError> {
        self.writer.expire(Expiry::Runs, before)
    }

    fn trim_runs(&self, keep: usize) -> Result<u64, StoreError> {
        let mut all = 0;
        loop {
            let surplus: Vec<RunId> = self.readers.read(|conn| {
                let mut query = conn.prepare_cached(sql!(run_surplus))?;
                let params = (sql_limit(keep), sql_limit(EXPIRE_MAX as usize));
                query.query_map(params, |row| row.get(0).map(RunId))?.collect()
            })?;
            let count = if surplus.is_empty() { 0 } else { self.writer.trim(&surplus)? };
            all += count;
            if count < EXPIRE_MAX {
                return Ok(all);
            }
        }
    }
}
