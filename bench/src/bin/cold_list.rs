//! A cold process that lists 50 flows of 10,000: time and memory of one `flows list`.
//!
//! `cargo run -p clawflow-bench --profile release-lite --bin cold_list`

use clawflow_bench::{median, warn_unless_idle};
use clawflow_store::conformance::fixtures::{flow, flow_id, flows, new, task, tasks};
use clawflow_store::conformance::put;
use clawflow_store::query::FlowFilter;
use clawflow_store::{SqliteStore, Store};
use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Processes of which the median is told.
const ROUNDS: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(dir) = std::env::args_os().nth(1) {
        return list(Path::new(&dir));
    }
    let dir = tempfile::tempdir()?;
    let store = SqliteStore::open(dir.path())?;
    for first in (0..10_000).step_by(500) {
        put(&store, flows((first..first + 500).map(|n| new(flow(n))).collect()))?;
        put(&store, tasks((first..first + 500).map(|n| task(n, Some(n))).collect()))?;
    }
    drop(store);
    warn_unless_idle();
    let (mut times, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let output = Command::new(std::env::current_exe()?).arg(dir.path()).output()?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
        peaks.push(String::from_utf8(output.stdout)?.trim().parse::<f64>()?);
    }
    let (time, peak) = (median(&times), median(&peaks) / 1024.0);
    println!("50 of 10,000 flows: {time:.1} ms, {peak:.1} MiB at most");
    Ok(())
}

/// The process that is measured: prints its peak of resident memory in KiB.
fn list(dir: &Path) -> Result<(), Box<dyn Error>> {
    let store = SqliteStore::open(dir)?;
    let filter = FlowFilter { live_or_ended_since: Some(1), limit: 50, ..FlowFilter::default() };
    let rows = store.list_flows(&filter)?;
    let counts = store.count_flows(None)?;
    assert_eq!((rows.len(), rows[0].flow.flow_id.clone()), (50, flow_id(9999)));
    assert_eq!(counts.by_status.values().sum::<u64>(), 10_000);
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!("{}", peak.ok_or("no VmHWM")?.trim().trim_end_matches("kB").trim());
    Ok(())
}
