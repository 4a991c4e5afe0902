//! Durable transitions per second of the SQLite store, beside a bare loop over the same rows.
//!
//! What a transition is, [`clawflow_bench::spine`] says. The bare loop writes rows of the same size
//! with the same statements in transactions of 64 (and of 1), without checks, versions, answers or
//! encoding. Both sync every commit.
//!
//! `cargo run -p clawflow-bench --profile release-lite --bin store [DIRECTORY]`

use clawflow_bench::spine::{FLOWS, Outcome, begun, store_round, transition};
use clawflow_bench::{fdatasync_rate, median, print_table, settle, warn_unless_idle};
use clawflow_core::ids::FlowId;
use clawflow_core::step::{Step, StepResult};
use clawflow_core::unit::Unit;
use clawflow_store::sqlite::FILE_NAME;
use rusqlite::{Connection, Statement, params};
use std::path::Path;
use std::time::Instant;

/// Rounds of which the median is told.
const ROUNDS: usize = 7;
/// Transitions per round, by how many are in flight.
const RUNS: [(usize, u64); 4] = [(1, 1024), (8, 4096), (64, 8192), (512, 8192)];
/// Transitions in a transaction of the bare loop, and in its round. The first is what all else is
/// compared with.
const RAW: [(usize, u64); 2] = [(64, 8192), (1, 1024)];

fn main() -> Outcome<()> {
    let base = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, Into::into);
    warn_unless_idle();
    let mut syncs = Vec::new();
    let mut raw = vec![Vec::new(); RAW.len()];
    let mut ours = vec![Vec::new(); RUNS.len()];
    for _ in 0..ROUNDS {
        let dir = tempfile::tempdir_in(&base)?;
        syncs.push(fdatasync_rate(dir.path())?);
        for (rates, (batch, count)) in raw.iter_mut().zip(RAW) {
            rates.push(measure(&base, |dir| raw_round(dir, batch, count))?);
        }
        for (rates, (in_flight, count)) in ours.iter_mut().zip(RUNS) {
            rates.push(measure(&base, |dir| store_round(dir, in_flight, count))?);
        }
    }
    let bare = median(&raw[0]);
    let line = |name: String, rates: &[f64]| {
        let rate = median(rates);
        let low = rates.iter().copied().fold(f64::INFINITY, f64::min);
        let high = rates.iter().copied().fold(0.0, f64::max);
        vec![
            name,
            format!("{rate:.0}"),
            format!("{low:.0}-{high:.0}"),
            format!("{:.2}", rate / bare),
        ]
    };
    let mut rows = vec![line("fdatasync of 4 KiB".to_owned(), &syncs)];
    for (rates, (batch, _)) in raw.iter().zip(RAW) {
        rows.push(line(format!("bare loop, {batch} per commit"), rates));
    }
    for (rates, (in_flight, _)) in ours.iter().zip(RUNS) {
        rows.push(line(format!("store, {in_flight} in flight"), rates));
    }
    print_table(&["", "per second", "range", "of bare"], &rows)?;
    warn_unless_idle();
    Ok(())
}

/// Runs one round in a directory of its own; the round tells transitions and seconds.
fn measure(base: &Path, round: impl FnOnce(&Path) -> Outcome<(u64, f64)>) -> Outcome<f64> {
    let dir = tempfile::tempdir_in(base)?;
    settle(base)?;
    let (count, seconds) = round(dir.path())?;
    Ok(count as f64 / seconds)
}

/// The text of a statement of the store.
macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../crates/clawflow-store/src/sqlite/sql/", $name, ".sql"))
    };
}

/// The rows of a transition as text, made before the clock starts.
struct RawRows {
    unit: Unit,
    steps: [String; 2],
    result: String,
    stdout: String,
    tasks: [String; 2],
    data: [String; 2],
}

impl RawRows {
    fn new(unit: Unit) -> Outcome<Self> {
        let bare = |at: usize| {
            let step = Step { result: None, ..Step::clone(&unit.steps[at].row) };
            serde_json::to_string(&step)
        };
        let steps = [bare(0)?, bare(1)?];
        let result = unit.steps[0].row.result.clone().unwrap_or_default();
        let stdout = result.stdout.as_deref().unwrap_or_default().to_owned();
        let result = serde_json::to_string(&StepResult { stdout: None, ..result })?;
        let tasks = [
            serde_json::to_string(&*unit.tasks[0].row)?,
            serde_json::to_string(&*unit.tasks[1].row)?,
        ];
        let data = [
            serde_json::to_string(&unit.events[0].data)?,
            serde_json::to_string(&unit.events[1].data)?,
        ];
        Ok(Self { unit, steps, result, stdout, tasks, data })
    }
}

/// What the store sets for its writer.
const PRAGMAS: &str = "pragma synchronous = full; pragma foreign_keys = on;
    pragma cache_size = -8192; pragma temp_store = memory;";

fn raw_round(dir: &Path, batch: usize, count: u64) -> Outcome<(u64, f64)> {
    drop(begun(dir)?);
    let rows = (0..count).map(|n| RawRows::new(transition(n % FLOWS, n / FLOWS)));
    let rows = rows.collect::<Outcome<Vec<_>>>()?;
    let conn = Connection::open(dir.join(FILE_NAME))?;
    conn.execute_batch(PRAGMAS)?;
    let mut seq: u64 = conn.query_row("select max(seq) from event", [], |row| row.get(0))?;
    let mut bare = Bare::new(&conn)?;
    let start = Instant::now();
    for batch in rows.chunks(batch) {
        conn.execute_batch("begin immediate")?;
        for row in batch {
            bare.write(row, &mut seq)?;
        }
        conn.execute_batch("commit")?;
    }
    Ok((count, start.elapsed().as_secs_f64()))
}

/// The store's statements for a transition.
struct Bare<'c> {
    step_update: Statement<'c>,
    step_insert: Statement<'c>,
    task_update: Statement<'c>,
    task_insert: Statement<'c>,
    event_insert: Statement<'c>,
}

impl<'c> Bare<'c> {
    fn new(conn: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            step_update: conn.prepare(sql!("step_update"))?,
            step_insert: conn.prepare(sql!("step_insert"))?,
            task_update: conn.prepare(sql!("task_update"))?,
            task_insert: conn.prepare(sql!("task_insert"))?,
            event_insert: conn.prepare(sql!("event_insert"))?,
        })
    }

    fn write(&mut self, row: &RawRows, seq: &mut u64) -> rusqlite::Result<()> {
        for (at, write) in [&mut self.step_update, &mut self.step_insert].into_iter().enumerate() {
            let s = &row.unit.steps[at].row;
            let (id, status, record) = (s.flow_id.as_str(), s.status.as_str(), &row.steps[at]);
            let result = (at == 0).then_some(&row.result);
            let stdout = (at == 0).then_some(&row.stdout);
            let (due, ended) = (s.due_at, s.ended_at);
            let (version, large) = (s.version, None::<&[u8]>);
            write.execute(params![
                id, s.step_id, version, status, due, ended, record, result, stdout, large
            ])?;
        }
        let (t, record) = (&row.unit.tasks[0].row, &row.tasks[0]);
        self.task_update.execute(params![
            t.task_id.as_str(),
            t.run_id,
            t.child_session_key,
            t.runtime.as_str(),
            t.version,
            t.fence,
            t.status.as_str(),
            t.ended_at,
            record,
            t.reported,
            t.started_at
        ])?;
        let (t, record) = (&row.unit.tasks[1].row, &row.tasks[1]);
        self.task_insert.execute(params![
            t.task_id.as_str(),
            t.run_id,
            t.child_session_key,
            t.runtime.as_str(),
            t.version,
            t.fence,
            t.status.as_str(),
            t.ended_at,
            record,
            t.reported,
            t.started_at,
            t.parent_flow_id.as_ref().map(FlowId::as_str),
            t.owner_key,
            t.created_at,
            t.label,
            t.queue
        ])?;
        for (e, data) in row.unit.events.iter().zip(&row.data) {
            *seq += 1;
            let (at, kind, step, task) = (e.at, &e.kind, &e.step_id, &e.task_id);
            let (owner, actor) = (&e.owner_key, &e.actor);
            self.event_insert.execute(params![
                *seq, e.subject, e.number, at, kind, step, task, data, owner, actor
            ])?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bare loop follows the store's statements by hand.
    #[test]
    fn both_write_the_same_number_of_rows() {
        let rows = |round: fn(&Path, usize, u64) -> Outcome<(u64, f64)>| {
            let dir = tempfile::tempdir().unwrap();
            assert_eq!(round(dir.path(), 4, 32).unwrap().0, 32);
            let conn = Connection::open(dir.path().join(FILE_NAME)).unwrap();
            let count = "select (select count(*) from step), (select count(*) from task), \
                (select count(*) from event)";
            let row = conn
                .query_row(count, [], |row| Ok([row.get::<_, u64>(0)?, row.get(1)?, row.get(2)?]));
            row.unwrap()
        };
        assert_eq!(rows(raw_round), rows(store_round));
    }
}
