//! A directory of runs with a supervisor, and waits with deadlines.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clawflow_engine::shim::procfs::{self, ProcId};
use clawflow_engine::supervise::{
    Emptiness, Evidence, ExitRecord, Run, RunEvent, RunSpec, Supervisor,
};
use tempfile::TempDir;

use crate::scenes_support::recorded;

/// Far beyond what any step here takes, also on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct Home {
    tmp: TempDir,
    runs: PathBuf,
    pub(crate) supervisor: Supervisor,
    pub(crate) boot: String,
    pub(crate) task: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self::below("")
    }

    /// A home whose runs are somewhere below the temporary directory.
    pub(crate) fn below(deeper: &str) -> Self {
        // Tests run in parallel and prove_empty looks at all of /proc: ids must differ.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let tmp = TempDir::new().unwrap();
        let boot = Supervisor::boot_id().unwrap();
        let runs = tmp.path().join(deeper).join("runs");
        let supervisor = Supervisor::new(&runs, exe(), boot.clone());
        let task = format!("task-{}-{number}", std::process::id());
        Self { tmp, runs, supervisor, boot, task }
    }

    /// As a gateway has that starts over the same home.
    pub(crate) fn another_supervisor(&self) -> Supervisor {
        Supervisor::new(&self.runs, exe(), self.boot.clone())
    }

    pub(crate) fn path(&self) -> &Path {
        self.tmp.path()
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.supervisor.dir(&self.boot, &self.task, 1)
    }

    /// The file that has all of the attempt.
    pub(crate) fn record_path(&self) -> PathBuf {
        self.dir().join("attempt.jsonl")
    }

    /// What is on record: the spec, who ran, how it ended, a line each.
    pub(crate) fn record(&self) -> Vec<String> {
        recorded(&self.dir())
    }

    pub(crate) fn spec(&self, argv: &[&str]) -> RunSpec {
        let argv = argv.iter().map(ToString::to_string).collect();
        let mut spec = RunSpec::new(self.task.clone(), 1, argv);
        spec.cwd = self.path().to_path_buf();
        spec.env.insert("PATH".to_owned(), "/usr/bin:/bin".to_owned());
        spec
    }

    pub(crate) fn sh(&self, script: &str) -> RunSpec {
        self.spec(&["sh", "-c", script])
    }

    pub(crate) async fn start(&self, spec: &RunSpec) -> Run {
        self.supervisor.start(spec, None).await.unwrap()
    }

    /// Starts it and gives how it ended.
    pub(crate) async fn run(&self, spec: &RunSpec) -> ExitRecord {
        exit(&mut self.start(spec).await).await
    }

    pub(crate) async fn examine(&self) -> Evidence {
        soon(self.supervisor.examine(&self.boot, &self.task, 1)).await.unwrap()
    }

    pub(crate) async fn prove_empty(&self) -> Emptiness {
        soon(self.supervisor.prove_empty(&self.boot, &self.task, 1)).await.unwrap()
    }

    /// Waits until a file of this home holds a whole pid, and gives that process.
    pub(crate) async fn pid_in(&self, name: &str) -> ProcId {
        let path = self.path().join(name);
        until(name, || {
            let text = std::fs::read_to_string(&path).ok()?;
            let pid = text.strip_suffix('\n')?.trim().parse().ok()?;
            Some(procfs::stat(pid)?.id)
        })
        .await
    }
}

pub(crate) fn exe() -> &'static str {
    env!("CARGO_BIN_EXE_clawflow")
}

/// A shim started by hand, as a second or late one would be.
pub(crate) fn spawn_shim(dir: &Path) -> Child {
    Command::new(exe()).arg("__shim").arg(dir).stdin(Stdio::null()).spawn().unwrap()
}

pub(crate) async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, work).await.expect("deadline passed")
}

/// Waits for a condition that nobody signals.
pub(crate) async fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + DEADLINE;
    loop {
        if let Some(value) = condition() {
            return value;
        }
        assert!(Instant::now() < give_up, "deadline passed waiting for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) async fn until_gone(id: ProcId) {
    until("a process to go", || (!procfs::is_alive(id)).then_some(())).await;
}

pub(crate) async fn next(run: &mut Run) -> RunEvent {
    soon(run.next()).await
}

pub(crate) async fn started(run: &mut Run) -> ProcId {
    match next(run).await {
        RunEvent::Started { child, .. } => child,
        other => panic!("expected the start, got {other:?}"),
    }
}

/// Reads on to the exit.
pub(crate) async fn exit(run: &mut Run) -> ExitRecord {
    loop {
        match next(run).await {
            RunEvent::Exited(record) => return *record,
            RunEvent::Started { .. } | RunEvent::Progress(_) => {}
            other => panic!("expected the exit, got {other:?}"),
        }
    }
}

/// Reads on to the end of the connection; gives what had to be killed.
pub(crate) async fn emptied(run: &mut Run) -> Vec<u32> {
    let RunEvent::Empty { killed } = next(run).await else { panic!("expected emptiness") };
    killed
}

pub(crate) fn text(record: &ExitRecord) -> String {
    String::from_utf8(record.stdout.as_ref().unwrap().to_vec().unwrap()).unwrap()
}

/// The shim of an attempt, by its record.
pub(crate) async fn shim_of(home: &Home) -> ProcId {
    until("a run on record", || {
        let run: serde_json::Value = serde_json::from_str(home.record().get(1)?).ok()?;
        serde_json::from_value(run["shim"].clone()).ok()
    })
    .await
}

/// `kill -9` for a process that a test started.
pub(crate) fn kill_9(id: ProcId) {
    assert!(procfs::signal(id, rustix::process::Signal::KILL).unwrap());
}
