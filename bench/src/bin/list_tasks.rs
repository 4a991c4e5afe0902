//! Pages of tasks in ledgers of a thousand and of a million: what is asked for must be what a page
//! costs, not how much there is.
//!
//! `cargo run -p clawflow-bench --profile release-lite --bin list_tasks [TASKS]`

use clawflow_bench::{median, warn_unless_idle};
use clawflow_core::ids::TaskId;
use clawflow_core::task::{Runtime, Task, TaskStatus};
use clawflow_store::conformance::fixtures::{task, tasks};
use clawflow_store::conformance::put;
use clawflow_store::query::TaskFilter;
use clawflow_store::sqlite::FILE_NAME;
use clawflow_store::{SqliteStore, Store};
use rusqlite::Connection;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

/// Pages of which the median is told.
const ROUNDS: usize = 101;
/// Tasks of a page.
const PAGE: usize = 50;
/// One task in so many is of the rare sort.
const RARE: u64 = 500;

fn main() -> Result<(), Box<dyn Error>> {
    let most = std::env::args().nth(1).map_or(Ok(1_000_000), |text| text.parse())?;
    warn_unless_idle();
    let (few, many) = (measure(1000)?, measure(most)?);
    println!("{:32} {:>12} {:>12} {:>6}", "page of 50", 1000, most, "ratio");
    for ((name, few), (_, many)) in few.into_iter().zip(many) {
        println!("{name:32} {few:9.3} ms {many:9.3} ms {:6.2}", many / few);
    }
    Ok(())
}

/// The median time of a page of each sort, in milliseconds.
fn measure(count: u64) -> Result<Vec<(&'static str, f64)>, Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    fill(dir.path(), count)?;
    let store = SqliteStore::open(dir.path())?;
    let page = TaskFilter { limit: PAGE, ..TaskFilter::default() };
    let middle = Some(TaskId(format!("{}{:026}", TaskId::PREFIX, count / 2)));
    let owner_key = Some("agent:test:main".to_owned());
    let failed = vec![TaskStatus::Failed];
    let filters = [
        ("newest", page.clone()),
        ("from the middle on", TaskFilter { after: middle.clone(), ..page.clone() }),
        ("of an owner", TaskFilter { owner_key: owner_key.clone(), ..page.clone() }),
        ("failed", TaskFilter { statuses: failed.clone(), ..page.clone() }),
        ("failed, of an owner", TaskFilter { statuses: failed, owner_key, ..page.clone() }),
        ("on a rare runtime", TaskFilter { runtimes: vec![Runtime::External], ..page.clone() }),
        ("with a label", TaskFilter { label: Some("backup".to_owned()), ..page.clone() }),
        ("with a label nobody has", TaskFilter { label: Some("none".to_owned()), ..page }),
    ];
    let mut told = Vec::new();
    for (name, filter) in filters {
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let start = Instant::now();
            std::hint::black_box(store.list_tasks(&filter)?);
            times.push(start.elapsed().as_secs_f64() * 1000.0);
        }
        told.push((name, median(&times)));
    }
    Ok(told)
}

/// Tasks that succeeded, and now and then one that failed, on another runtime, with a label. By
/// SQL, which is quick.
fn fill(dir: &Path, count: u64) -> Result<(), Box<dyn Error>> {
    let store = SqliteStore::open(dir)?;
    let plain = Task { status: TaskStatus::Succeeded, ended_at: Some(5), ..task(0, None) };
    let rare = Task {
        status: TaskStatus::Failed,
        runtime: Runtime::External,
        label: Some("backup".to_owned()),
        ended_at: Some(5),
        owner_key: "agent:test:main".to_owned(),
        ..task(1, None)
    };
    put(&store, tasks(vec![plain, rare]))?;
    drop(store);
    let conn = Connection::open(dir.join(FILE_NAME))?;
    conn.execute_batch(&format!(
        "pragma synchronous = off;
         begin;
         create temp table n as with recursive n (n, id) as (
             select 2, printf('%026d', 2)
             union all select n + 1, printf('%026d', n + 1) from n where n < {count} - 1
         ) select * from n;
         insert into task select 'task_' || id, parent_flow_id, owner_key, run_id, label,
             child_session_key, runtime, version, fence, status, created_at, ended_at,
             replace(record, substr(task_id, 6), id)
             from n cross join task
             where task_id = 'task_' || printf('%026d', n.n % {RARE} = 0);
         commit;"
    ))?;
    Ok(())
}
