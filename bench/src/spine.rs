//! The spine's own speed: durable transitions through the SQLite store. A transition is what the
//! engine does when a step ends: the task and its step are settled, the next step and its task
//! begin, two events tell of it, a guard holds the flow.

use clawflow_core::ids::TaskId;
use clawflow_core::step::{Step, StepResult, StepStatus};
use clawflow_core::task::{Executor, Exit, Task, TaskStatus};
use clawflow_core::unit::{Change, Unit};
use clawflow_store::conformance::fixtures as fix;
use clawflow_store::conformance::put;
use clawflow_store::{SqliteStore, Store};
use serde_json::json;
use std::collections::VecDeque;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Flows that take turns.
pub const FLOWS: u64 = 512;

/// What a benchmark's function returns.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// A store in which each flow has begun its first step.
///
/// # Errors
/// Those of the store.
pub fn begun(dir: &Path) -> Outcome<SqliteStore> {
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

/// Carries out `count` transitions with so many in flight; tells how many and in how many seconds.
///
/// # Errors
/// Those of the store.
pub fn store_round(dir: &Path, in_flight: usize, count: u64) -> Outcome<(u64, f64)> {
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
#[must_use]
pub fn transition(flow: u64, k: u64) -> Unit {
    let ended = Some(1_780_000_000_123);
    let mut task = running_task(flow, k);
    (task.version, task.status, task.ended_at) = (2, TaskStatus::Succeeded, ended);
    task.exit = Some(Exit::Code(0));
    task.terminal_summary = Some("fetched 27 items".to_owned());
    let mut step = running_step(flow, k);
    (step.version, step.status, step.ended_at) = (2, StepStatus::Succeeded, ended);
    let stdout = Some("{\"items\":27}\n".repeat(10).into());
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
