//! Durable transitions per second of the SQLite store, beside a bare loop over the same rows.
//!
//! A transition is what the engine does when a step ends: the task and its step are settled, the
//! next step and its task begin, two events tell of it, a guard holds the flow. The bare loop
//! writes rows of the same size with the same statements in transactions of 64 (and of 1),
//! without checks, versions, answers or encoding. Both sync every commit.
//!
//! `cargo run -p clawflow-bench --profile release-lite --bin store [DIRECTORY]`

use clawflow_bench::{fdatasync_rate, median, print_table, settle, warn_unless_idle};
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::step::{Step, StepResult, StepStatus};
use clawflow_core::task::{Executor, Exit, Task, TaskStatus};
use clawflow_core::unit::{Change, Unit};
use clawflow_store::conformance::fixtures as fix;
use clawflow_store::conformance::put;
use clawflow_store::sqlite::FILE_NAME;
use clawflow_store::{SqliteStore, Store};
use rusqlite::{Connection, params};
use serde_json::json;
use std::collections::VecDeque;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Flows that take turns.
const FLOWS: u64 = 512;
/// Rounds of which the median is told.
const ROUNDS: usize = 7;
/// Transitions per round, by how many are in flight.
const RUNS: [(usize, u64); 4] = [(1, 1024), (8, 4096), (64, 8192), (512, 8192)];
/// Transitions in a transaction of the bare loop, and in its round. The first is what all else is
/// compared with.
const RAW: [(usize, u64); 2] = [(64, 8192), (1, 1024)];

type Outcome<T> = Result<T, Box<dyn Error>>;

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

/// A store in which each flow has begun its first step.
fn begun(dir: &Path) -> Outcome<SqliteStore> {
    let store = SqliteStore::open(dir)?;
    for flow in 0..FLOWS {
        let unit = Unit {
            flows: vec![fix::new(fix::flow(flow))],
            steps: vec![fix::new(Arc::new(running_step(flow, 0)))],
            tasks: vec![fix::new(Arc::new(running_task(flow, 0)))],
            events: vec![fix::event(fix::flow_id(flow).as_str(), 1)],
            ..Unit::default()
        };
        put(&store, unit)?;
    }
    Ok(store)
}

fn store_round(dir: &Path, in_flight: usize, count: u64) -> Outcome<(u64, f64)> {
    let store = begun(dir)?;
    let units: Vec<Unit> = (0..count).map(|n| transition(n % FLOWS, n / FLOWS)).collect();
    let mut under_way = VecDeque::with_capacity(in_flight);
    let start = Instant::now();
    for unit in units {
        if under_way.len() == in_flight {
            let receipt: clawflow_store::Receipt = under_way.pop_front().ok_or("none")?;
            receipt.blocking_recv()??;
        }
        under_way.push_back(store.submit(unit));
    }
    for receipt in under_way {
        receipt.blocking_recv()??;
    }
    Ok((count, start.elapsed().as_secs_f64()))
}

fn running_step(flow: u64, k: u64) -> Step {
    let id = step_id(k);
    let mut step = fix::step(flow, &id, k as u32);
    step.status = StepStatus::Running;
    (step.attempt, step.started_at) = (1, Some(1_780_000_000_000));
    step.task_id = Some(task_id(flow, k));
    step
}

fn running_task(flow: u64, k: u64) -> Task {
    let mut task = fix::task(0, Some(flow));
    task.task_id = task_id(flow, k);
    task.status = TaskStatus::Running;
    task.step_id = Some(step_id(k));
    task.label = Some("fetch the report of the week".to_owned());
    task.task = "curl --fail --silent https://example.org/report?week=14 | jq .items".to_owned();
    task.executor = Some(Executor {
        gateway: "host-7f3a".to_owned(),
        epoch: 12,
        boot_id: "0b5c1d0e-6c1f-4f4e-9f0e-3c8f6a2b7d11".to_owned(),
        ..Executor::default()
    });
    (task.created_at, task.started_at) = (1_780_000_000_000, Some(1_780_000_000_001));
    task
}

fn step_id(k: u64) -> String {
    format!("step-{k:04}")
}

fn task_id(flow: u64, k: u64) -> TaskId {
    fix::task_id(k * FLOWS + flow)
}

/// The end of step `k` of a flow, and the start of the next.
fn transition(flow: u64, k: u64) -> Unit {
    let ended = Some(1_780_000_000_123);
    let mut task = running_task(flow, k);
    (task.version, task.status, task.ended_at) = (2, TaskStatus::Succeeded, ended);
    task.exit = Some(Exit::Code(0));
    task.terminal_summary = Some("fetched 27 items".to_owned());
    let mut step = running_step(flow, k);
    (step.version, step.status, step.ended_at) = (2, StepStatus::Succeeded, ended);
    let stdout = Some("{\"items\":27}\n".repeat(10));
    step.result = Some(StepResult { stdout, exit_code: Some(0), ..StepResult::default() });
    let id = fix::flow_id(flow);
    let told = |number, kind: &str, k| {
        let mut event = fix::event(id.as_str(), number);
        event.kind = kind.to_owned();
        event.step_id = Some(step_id(k));
        event.task_id = Some(task_id(flow, k).0);
        event.data = json!({ "attempt": 1, "exit": { "code": 0 } });
        event
    };
    Unit {
        guards: vec![fix::guard(flow, 0)],
        steps: vec![
            Change { expected: Some(1), row: Arc::new(step) },
            fix::new(Arc::new(running_step(flow, k + 1))),
        ],
        tasks: vec![
            Change { expected: Some(1), row: Arc::new(task) },
            fix::new(Arc::new(running_task(flow, k + 1))),
        ],
        events: vec![told(2 * k + 2, "task.ended", k), told(2 * k + 3, "step.started", k + 1)],
        ..Unit::default()
    }
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
        let result = serde_json::to_string(&unit.steps[0].row.result)?;
        let tasks = [
            serde_json::to_string(&*unit.tasks[0].row)?,
            serde_json::to_string(&*unit.tasks[1].row)?,
        ];
        let data = [
            serde_json::to_string(&unit.events[0].data)?,
            serde_json::to_string(&unit.events[1].data)?,
        ];
        Ok(Self { unit, steps, result, tasks, data })
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
    let mut step_update = conn.prepare(sql!("step_update"))?;
    let mut step_insert = conn.prepare(sql!("step_insert"))?;
    let mut task_update = conn.prepare(sql!("task_update"))?;
    let mut task_insert = conn.prepare(sql!("task_insert"))?;
    let mut event_insert = conn.prepare(sql!("event_insert"))?;
    let start = Instant::now();
    for batch in rows.chunks(batch) {
        conn.execute_batch("begin immediate")?;
        for row in batch {
            for (at, write) in [&mut step_update, &mut step_insert].into_iter().enumerate() {
                let s = &row.unit.steps[at].row;
                let result = (at == 0).then_some(&row.result);
                write.execute(params![
                    s.flow_id.as_str(),
                    s.step_id,
                    s.version,
                    s.status.as_str(),
                    s.due_at,
                    s.ended_at,
                    row.steps[at],
                    result
                ])?;
            }
            let t = &row.unit.tasks[0].row;
            task_update.execute(params![
                t.task_id.as_str(),
                t.run_id,
                t.child_session_key,
                t.runtime.as_str(),
                t.version,
                t.fence,
                t.status.as_str(),
                t.ended_at,
                row.tasks[0]
            ])?;
            let t = &row.unit.tasks[1].row;
            let flow = t.parent_flow_id.as_ref().map(FlowId::as_str);
            task_insert.execute(params![
                t.task_id.as_str(),
                t.run_id,
                t.child_session_key,
                t.runtime.as_str(),
                t.version,
                t.fence,
                t.status.as_str(),
                t.ended_at,
                row.tasks[1],
                flow,
                t.owner_key,
                t.created_at
            ])?;
            for (e, data) in row.unit.events.iter().zip(&row.data) {
                seq += 1;
                event_insert.execute(params![
                    seq, e.subject, e.number, e.at, e.kind, e.step_id, e.task_id, data
                ])?;
            }
        }
        conn.execute_batch("commit")?;
    }
    Ok((count, start.elapsed().as_secs_f64()))
}
