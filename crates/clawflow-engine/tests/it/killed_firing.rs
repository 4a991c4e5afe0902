//! A process that is killed before and after each commit of a firing: the next one goes on, and
//! each slot has one run.

use crate::ask::{ME, done};
use crate::world::{Queues, settings};
use clawflow_core::schedule::{RunStatus, Schedule, ScheduleRun};
use clawflow_core::unit::{Change, Unit};
use clawflow_engine::api::{Api, FlowList, ScheduleAdd, TaskList};
use clawflow_engine::clock::now;
use clawflow_engine::{Engine, Scope};
use clawflow_store::schedules::{RunFilter, ScheduleFilter};
use clawflow_store::sqlite::{CommitPoint, SqliteOptions};
use clawflow_store::{SqliteStore, Store};
use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// Where the child finds its home; the test that is a child does nothing without it.
const DIR: &str = "CLAWFLOW_FIRING_TEST_DIR";
/// The point at which it dies, and at which of the commits.
const POINT: &str = "CLAWFLOW_FIRING_TEST_POINT";
const HOUR: i64 = 3_600_000;
/// Longer than a firing takes on a machine that does other work too.
const PATIENCE: Duration = Duration::from_secs(60);

/// Commits until the process kills itself.
static FUSE: AtomicI64 = AtomicI64::new(i64::MAX);

fn burn(at: CommitPoint, point: CommitPoint) {
    if at == point && FUSE.fetch_sub(1, Ordering::Relaxed) == 1 {
        let me = rustix::process::getpid();
        rustix::process::kill_process(me, rustix::process::Signal::KILL).unwrap();
        std::thread::sleep(PATIENCE);
    }
}

fn hook(name: &str) -> Option<fn(CommitPoint)> {
    match name {
        "before" => Some(|at| burn(at, CommitPoint::Written)),
        "after" => Some(|at| burn(at, CommitPoint::Committed)),
        _ => None,
    }
}

fn all_runs(store: &dyn Store) -> Vec<ScheduleRun> {
    store.schedules().list_runs(&RunFilter { limit: 100, ..RunFilter::default() }).unwrap()
}

/// Runs as a child: an engine over the home, until all runs have ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn firing_child() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let point = std::env::var(POINT).unwrap();
    let (point, commits) = point.split_once(' ').unwrap();
    let options = SqliteOptions { hook: hook(point), ..SqliteOptions::default() };
    let dir = Path::new(&dir);
    let store = Arc::new(SqliteStore::open_with(dir, &options).unwrap());
    // What a start commits by itself is no part of a firing, and counts all the same.
    FUSE.store(commits.parse().unwrap(), Ordering::Relaxed);
    let settings = settings(dir, 2, &Queues::new());
    let engine = Engine::new(store.clone(), settings, Scope::All).unwrap();
    engine.start().unwrap();
    let began = Instant::now();
    loop {
        let runs = all_runs(&*store);
        if runs.len() == 2 && !runs.iter().any(ScheduleRun::is_open) {
            return engine.stop();
        }
        assert!(began.elapsed() < PATIENCE, "it never ends: {runs:#?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Runs the child to its end; says whether it was killed.
fn life(dir: &Path, point: &str) -> bool {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "killed_firing::firing_child", "--nocapture", "--test-threads=1"]);
    command.env(DIR, dir).env(POINT, point).stdin(Stdio::null());
    // Not pipes: what it starts lives on, and has them.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().unwrap();
    let killed = status.signal() == Some(9);
    assert!(killed || status.success(), "{point}: {status}");
    killed
}

/// A home with a schedule of which two slots have passed.
async fn prepare(dir: &Path, start: Value) {
    let store = Arc::new(SqliteStore::open(dir).unwrap());
    let settings = settings(dir, 2, &Queues::new());
    let engine = Engine::new(store.clone(), settings, Scope::Nothing).unwrap();
    let api = Api::new(engine.clone());
    let new = json!({
        "name": "s", "spec": { "kind": "every", "everyMs": HOUR, "anchor": now() - 1000 },
        "start": start, "policies": { "missed": "all", "missedSpacingMs": 0, "overlap": "queue" },
        "owner": ME,
    });
    let made = done::<ScheduleAdd>(&api, new).await;
    let slot = made.next_slot.map(|slot| slot - 2 * HOUR);
    let version = made.version + 1;
    let row = Schedule { version, next_slot: slot, next_at: slot, ..made.clone() };
    let schedules = vec![Change { expected: Some(made.version), row }];
    engine.commit(Unit { schedules, ..Unit::default() }).await.unwrap();
    engine.stop();
}

/// Each slot has one run, which ran once; nothing else was started.
async fn judge(dir: &Path, point: &str) {
    let store = Arc::new(SqliteStore::open(dir).unwrap());
    assert_eq!(store.check().unwrap(), Vec::<String>::new(), "{point}");
    let filter = ScheduleFilter { limit: 9, ..ScheduleFilter::default() };
    let schedule = store.schedules().list_schedules(&filter).unwrap().remove(0);
    let runs = all_runs(&*store);
    let mut slots: Vec<i64> = runs.iter().map(|run| run.slot.unwrap()).collect();
    slots.sort_unstable();
    let newest = schedule.next_slot.unwrap() - HOUR;
    assert_eq!(slots, [newest - HOUR, newest], "{point}: {runs:#?}");
    for run in &runs {
        assert_eq!((run.status, run.slots), (RunStatus::Succeeded, 1), "{point}: {run:#?}");
    }
    let mut marks: Vec<String> = std::fs::read_to_string(dir.join("marks"))
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect();
    marks.sort();
    let named = |at: &i64| jiff::Timestamp::from_millisecond(*at).unwrap().to_string();
    assert_eq!(marks, slots.iter().map(named).collect::<Vec<_>>(), "{point}");
    let settings = settings(dir, 2, &Queues::new());
    let api = Api::new(Engine::new(store, settings, Scope::Nothing).unwrap());
    let flows = done::<FlowList>(&api, json!({})).await.flows.len();
    let tasks = done::<TaskList>(&api, json!({})).await.tasks.len();
    let has_flow = runs.iter().filter(|run| run.flow_id.is_some()).count();
    assert_eq!((flows, tasks), (has_flow, 2), "{point}");
}

/// Kills a process at each of its commits, until there is none any more that it could die at.
async fn killed_at_each(point: &str, start: impl Fn(&Path) -> Value) {
    let mut killed = 0;
    for commit in 1.. {
        let home = tempfile::TempDir::new().unwrap();
        prepare(home.path(), start(home.path())).await;
        let fuse = format!("{point} {commit}");
        let died = life(home.path(), &fuse);
        killed += usize::from(died);
        if died {
            assert!(!life(home.path(), "never 0"));
        }
        judge(home.path(), &fuse).await;
        if !died {
            break;
        }
    }
    // Two slots: each is decided about, runs, and is settled.
    assert!(killed >= 4, "only {killed} commits");
}

const SCRIPT: &str = "echo $CLAWFLOW_SLOT >> marks";

fn command(dir: &Path) -> Value {
    let env = json!({ "PATH": "/usr/bin:/bin" });
    json!({ "kind": "command", "argv": ["sh", "-c", SCRIPT], "cwd": dir, "env": env })
}

fn flow(dir: &Path) -> Value {
    let source = format!("steps: [{{ id: a, run: '{SCRIPT}' }}]");
    let env = json!({ "PATH": "/usr/bin:/bin" });
    json!({ "kind": "flow", "source": source, "file": "a.yaml", "cwd": dir, "env": env })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_killed_before_each_commit_runs_once_per_slot() {
    killed_at_each("before", command).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_killed_after_each_commit_runs_once_per_slot() {
    killed_at_each("after", command).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_killed_before_each_commit_runs_once_per_slot() {
    killed_at_each("before", flow).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_killed_after_each_commit_runs_once_per_slot() {
    killed_at_each("after", flow).await;
}
