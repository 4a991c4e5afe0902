//! Memory and start-up of the real binary: cold `flows list` and `show` over 10,000 flows, an idle
//! gateway, one with 100,000 waiting flows, one shim.
//!
//! `cargo build --profile release-lite -p clawflow -p clawflow-bench &&
//!  target/release-lite/footprint [DIRECTORY]`
//!
//! Looks for `clawflow` beside itself.

use clawflow_bench::gateway::start;
use clawflow_bench::process::{private_kib, status_kib};
use clawflow_bench::{fdatasync_rate, median, print_table, warn_unless_idle};
use clawflow_engine::api::{Api, Call, FlowRun, FlowRunRequest};
use clawflow_engine::{Engine, EngineSettings, Scope};
use clawflow_store::SqliteStore;
use std::error::Error;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Cold commands of which the median is told.
const ROUNDS: usize = 21;
/// Flows of the home that is listed, and of the one that waits.
const LISTED: usize = 10_000;
const WAITING: usize = 100_000;
/// Flows that are made at a time.
const IN_FLIGHT: usize = 256;
/// A shim must appear within this time.
const READY: Duration = Duration::from_secs(30);

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let base = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let exe = std::env::current_exe()?.with_file_name("clawflow");
    if !exe.exists() {
        return Err(format!("there is no {}: build -p clawflow first", exe.display()).into());
    }
    warn_unless_idle();
    let dir = tempfile::tempdir_in(&base)?;
    println!("raw fdatasync: {:.0}/s\n", fdatasync_rate(dir.path())?);
    let mut rows = Vec::new();
    let listed = dir.path().join("listed");
    let some = fill(&listed, LISTED)?;
    for (name, args) in [("flows list", vec!["list"]), ("flows show", vec!["show", &some])] {
        let (ms, kib) = cold(&exe, &listed, &args)?;
        rows.push(row(&format!("cold {name}, {LISTED} flows"), format!("{ms:.1} ms"), kib));
    }
    let empty = dir.path().join("empty");
    let (_, idle) = gateway(&exe, &empty)?;
    rows.push(row("gateway, idle", String::new(), idle));
    rows.push(row("shim, private", String::new(), shim(&exe, &empty)?));
    let waiting = dir.path().join("waiting");
    fill(&waiting, WAITING)?;
    let (ready, full) = gateway(&exe, &waiting)?;
    rows.push(row(
        &format!("gateway, {WAITING} waiting flows"),
        format!("{ready:.0} ms to serve"),
        full,
    ));
    print_table(&["what", "time", "memory"], &rows)?;
    Ok(())
}

fn row(name: &str, time: String, kib: u64) -> Vec<String> {
    let size =
        if kib < 1024 { format!("{kib} KiB") } else { format!("{:.1} MiB", kib as f64 / 1024.0) };
    vec![name.to_owned(), time, size]
}

/// Makes flows that wait for a person, and returns the id of one.
fn fill(home: &Path, count: usize) -> Outcome<String> {
    fs::create_dir_all(home)?;
    let settings = EngineSettings {
        home: home.to_owned(),
        shim_exe: std::env::current_exe()?,
        socket: home.join("gateway.sock"),
        shell: "/bin/sh".to_owned(),
        max_tasks: 1,
        queues: std::collections::BTreeMap::new(),
        agents: std::collections::BTreeMap::new(),
        subagents: clawflow_core::subagent::SpawnLimits::default(),
        grace_ms: 5000,
        log_bytes: 1 << 20,
        stdout_bytes: 1 << 20,
        routes: Vec::new(),
        name: "bench".to_owned(),
    };
    tokio::runtime::Runtime::new()?.block_on(async {
        let engine = Engine::new(Arc::new(SqliteStore::open(home)?), settings, Scope::All)?;
        let api = Api::new(engine);
        let mut making = JoinSet::new();
        let mut id = String::new();
        for n in 0..count {
            if making.len() >= IN_FLIGHT
                && let Some(made) = making.join_next().await
            {
                id = made??;
            }
            let api = api.clone();
            making.spawn(async move { wait_for_person(&api, n).await });
        }
        while let Some(made) = making.join_next().await {
            id = made??;
        }
        Ok(id)
    })
}

async fn wait_for_person(api: &Api, n: usize) -> Outcome<String> {
    let request = FlowRunRequest {
        idempotency_key: None,
        source: "steps:\n  - { id: ask, approval: 'go on?' }\n  - { id: go, run: 'true' }\n".into(),
        file: "bench.flow.yaml".to_owned(),
        path: None,
        files: [].into(),
        args: serde_json::Map::new(),
        cwd: "/".to_owned(),
        env: [].into(),
        owner: None,
        key: Some(format!("waiting-{n}")),
        auto_approve: false,
    };
    Ok(FlowRun::run(api, request).await?.flow_id.0)
}

/// Median time in milliseconds and greatest resident memory in KiB of a cold command.
fn cold(exe: &Path, home: &Path, args: &[&str]) -> Outcome<(f64, u64)> {
    let (mut times, mut most) = (Vec::new(), 0);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let mut child = Command::new(exe)
            .args(["--home".as_ref(), home.as_os_str(), "flows".as_ref()])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut text = String::new();
        if let Some(out) = &mut child.stdout {
            // The high-water mark is read while the process still writes or has just written.
            out.read_to_string(&mut text)?;
        }
        most = most.max(status_kib(child.id().into(), "VmHWM").unwrap_or(0));
        let ended = child.wait()?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
        if !ended.success() || text.is_empty() {
            return Err(format!("flows {args:?} failed: {ended}").into());
        }
    }
    // What could not be caught above is measured once, on its own.
    let most = if most == 0 { peak(exe, home, args)? } else { most };
    Ok((median(&times), most))
}

/// Greatest resident memory of a command, watched until it ends.
fn peak(exe: &Path, home: &Path, args: &[&str]) -> Outcome<u64> {
    let mut most = 0;
    for _ in 0..ROUNDS {
        let mut child = Command::new(exe)
            .args(["--home".as_ref(), home.as_os_str(), "flows".as_ref()])
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        while child.try_wait()?.is_none() {
            most = most.max(status_kib(child.id().into(), "VmHWM").unwrap_or(0));
        }
    }
    Ok(most)
}

/// Milliseconds until a gateway serves, and its resident memory in KiB a little later.
fn gateway(exe: &Path, home: &Path) -> Outcome<(f64, u64)> {
    let (gateway, ready) = start(exe, home)?;
    std::thread::sleep(Duration::from_secs(2));
    Ok((ready, status_kib(gateway.pid().into(), "VmRSS").ok_or("the gateway has ended")?))
}

/// Private memory of a shim in KiB.
fn shim(exe: &Path, home: &Path) -> Outcome<u64> {
    let (_gateway, _) = start(exe, home)?;
    let file = home.join("sleep.flow.yaml");
    fs::write(&file, "steps:\n  - { id: s, argv: [sleep, '5'] }\n")?;
    let run = |args: &[&str]| {
        let mut command = Command::new(exe);
        command.arg("--home").arg(home).args(args);
        command.stdout(Stdio::null()).stderr(Stdio::null()).status()
    };
    run(&["run", "--detach", &file.display().to_string()])?;
    let begun = Instant::now();
    loop {
        if let Some(pid) = find(&home.join("runs"))? {
            std::thread::sleep(Duration::from_millis(200));
            return private_kib(pid);
        }
        if begun.elapsed() > READY {
            return Err("no shim appeared".into());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The pid of the shim on record below `runs`.
fn find(runs: &Path) -> Outcome<Option<u64>> {
    for boot in fs::read_dir(runs).into_iter().flatten().flatten() {
        for attempt in fs::read_dir(boot.path())?.flatten() {
            let record = fs::read_to_string(attempt.path().join("attempt.jsonl"));
            // The second line says who runs, as soon as it is whole.
            let run = record.ok().and_then(|text| {
                serde_json::from_str::<serde_json::Value>(text.lines().nth(1)?).ok()
            });
            let Some(run) = run else { continue };
            return Ok(run["shim"]["pid"].as_u64());
        }
    }
    Ok(None)
}
