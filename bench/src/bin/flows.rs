//! Whole flows through the engine: steps per second beside a bare spawn, and the time between one
//! step's exit and the next one's start.
//!
//! `cargo run -p clawflow-bench --profile release-lite --bin flows [DIRECTORY]`
//!
//! Rounds of ours and of the bare loop take turns; medians of 7. This program is its own shim.

use clawflow_bench::{fdatasync_rate, median, print_table, settle, warn_unless_idle};
use clawflow_engine::api::{
    Api, Call, FlowRun, FlowRunRequest, FlowView, FlowWait, FlowWaitRequest,
};
use clawflow_engine::{Engine, EngineSettings, Scope, shim};
use clawflow_store::SqliteStore;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Rounds of which the median is told.
const ROUNDS: usize = 7;
/// Flows and processes at a time.
const IN_FLIGHT: usize = 16;
/// Steps of each flow.
const STEPS: usize = 3;
/// Flows of a round that sleep for no time, and of one that run `true`.
const SLEEPERS: usize = 2000;
const RUNNERS: usize = 160;
/// Flows whose steps are timed, one at a time.
const TIMED: usize = 60;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    match args.next() {
        Some(verb) if verb == "__shimd" => shim::serve(),
        Some(verb) if verb == "__shim" => {
            args.next().map_or(ExitCode::FAILURE, |dir| shim::main(Path::new(&dir)))
        }
        base => {
            let base = base.map_or_else(std::env::temp_dir, PathBuf::from);
            match bench(&base) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("error: {error}");
                    ExitCode::FAILURE
                }
            }
        }
    }
}

fn bench(base: &Path) -> Outcome<()> {
    warn_unless_idle();
    // Nothing is deleted before the end: ext4 passes over inodes that were deleted in the last
    // minutes, one by one, for each new file, so that a tidied round slows down the next.
    let all = tempfile::tempdir_in(base)?;
    let base = all.path();
    let (mut syncs, mut sleepers, mut runners, mut bare) = (vec![], vec![], vec![], vec![]);
    let (mut silent, mut printed, mut bare_gaps) = (vec![], vec![], vec![]);
    // Each kind has one home for all rounds: in use for a while, as most homes are.
    let (runs, sleeps, times) = (Home::new(base)?, Home::new(base)?, Home::new(base)?);
    let stamps = base.join("stamps");
    for _ in 0..ROUNDS {
        syncs.push(fdatasync_rate(&new_dir(base)?)?);
        bare.push(alone(bare_spawns(RUNNERS * STEPS))?);
        runners.push(runs.works(|api| flows(api, file("argv: ['true']"), RUNNERS, IN_FLIGHT))?);
        sleepers.push(sleeps.works(|api| flows(api, file("sleep: 0s"), SLEEPERS, IN_FLIGHT))?);
        silent.push(median(&times.works(|api| timed(api, Some(&stamps)))?));
        printed.push(median(&times.works(|api| timed(api, None))?));
        bare_gaps.push(median(&bare_chain()?));
        settle(base)?;
    }
    let sync = median(&syncs);
    let (ours, theirs) = (median(&runners), median(&bare));
    println!("raw fdatasync: {sync:.0}/s, {:.3} ms each\n", 1000.0 / sync);
    let row = |name: &str, value: String, beside: String| vec![name.to_owned(), value, beside];
    print_table(
        &["what", "median", "beside"],
        &[
            row("3-step flows, sleep 0", format!("{:.0}/s", median(&sleepers)), String::new()),
            row(
                "steps running `true`, 16 in flight",
                format!("{:.3} ms", 1000.0 / (ours * STEPS as f64)),
                format!("{:.2} x bare", theirs / (ours * STEPS as f64)),
            ),
            row(
                "bare spawn and wait, 16 in flight",
                format!("{:.3} ms", 1000.0 / theirs),
                "1".into(),
            ),
            row(
                "from a step's exit to the next one's start",
                format!("{:.3} ms", median(&silent)),
                "1 commit (1 fdatasync of the log) between".into(),
            ),
            row(
                "the same, steps that print",
                format!("{:.3} ms", median(&printed)),
                "and a log file is made".into(),
            ),
            row(
                "the same, spawned in a loop",
                format!("{:.3} ms", median(&bare_gaps)),
                String::new(),
            ),
        ],
    )?;
    Ok(())
}

/// A directory that stays.
fn new_dir(base: &Path) -> std::io::Result<PathBuf> {
    tempfile::tempdir_in(base).map(tempfile::TempDir::keep)
}

/// An engine over a home of its own.
struct Home {
    runtime: Option<Runtime>,
    api: Api,
}

impl Home {
    fn new(base: &Path) -> Outcome<Self> {
        let runtime = Runtime::new()?;
        let api = runtime.block_on(async { engine(&new_dir(base)?) })?;
        Ok(Self { runtime: Some(runtime), api })
    }

    /// What the work on this engine told.
    fn works<T, W: Future<Output = Outcome<T>>>(&self, work: impl FnOnce(Api) -> W) -> Outcome<T> {
        match &self.runtime {
            Some(runtime) => runtime.block_on(work(self.api.clone())),
            None => Err("the engine is gone".into()),
        }
    }
}

impl Drop for Home {
    /// The engine is dropped, not stopped: that would tidy.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Works on a runtime of its own.
fn alone<T>(work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let runtime = Runtime::new()?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}

/// A linear file of three steps.
fn file(step: &str) -> String {
    (0..STEPS)
        .fold("steps:\n".to_owned(), |text, n| text + &format!("  - {{ id: s{n}, {step} }}\n"))
}

/// An engine over a new home.
fn engine(home: &Path) -> Outcome<Api> {
    let settings = EngineSettings {
        home: home.to_owned(),
        shim_exe: std::env::current_exe()?,
        socket: home.join("gateway.sock"),
        shell: "/bin/sh".to_owned(),
        max_tasks: IN_FLIGHT,
        queues: std::collections::BTreeMap::new(),
        agents: std::collections::BTreeMap::new(),
        subagents: clawflow_core::subagent::SpawnLimits::default(),
        grace_ms: 5000,
        log_bytes: 1 << 26,
        stdout_bytes: 1 << 24,
        routes: Vec::new(),
        name: "bench".to_owned(),
    };
    let engine = Engine::new(Arc::new(SqliteStore::open(home)?), settings, Scope::All)?;
    engine.start()?;
    Ok(Api::new(engine))
}

/// Runs a flow to its end.
async fn run(api: &Api, source: &str) -> Outcome<FlowView> {
    let request = FlowRunRequest {
        idempotency_key: None,
        source: source.to_owned(),
        file: "bench.flow.yaml".to_owned(),
        path: None,
        files: [].into(),
        args: serde_json::Map::new(),
        cwd: "/".to_owned(),
        env: [("PATH".to_owned(), std::env::var("PATH")?)].into(),
        owner: None,
        key: None,
        auto_approve: false,
    };
    let flow = FlowRun::run(api, request).await?.flow_id.0;
    let ask = FlowWaitRequest { flow, timeout_ms: 60_000, until_ended: true, ..Default::default() };
    Ok(FlowWait::run(api, ask).await?.view)
}

/// Flows per second.
async fn flows(api: Api, source: String, count: usize, in_flight: usize) -> Outcome<f64> {
    let start = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..count {
        if running.len() >= in_flight
            && let Some(ended) = running.join_next().await
        {
            ended??;
        }
        let (api, source) = (api.clone(), source.clone());
        running.spawn(async move { run(&api, &source).await });
    }
    while let Some(ended) = running.join_next().await {
        ended??;
    }
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

/// Spawns per second of `true`, without anything around.
async fn bare_spawns(count: usize) -> Outcome<f64> {
    let start = Instant::now();
    let mut threads = Vec::new();
    for _ in 0..IN_FLIGHT {
        threads.push(tokio::task::spawn_blocking(move || -> std::io::Result<()> {
            for _ in 0..count / IN_FLIGHT {
                Command::new("true").stdin(Stdio::null()).status()?;
            }
            Ok(())
        }));
    }
    for thread in threads {
        thread.await??;
    }
    Ok(count as f64 / start.elapsed().as_secs_f64())
}

/// Milliseconds from the end of a step's program to the start of the next step's, which tell of
/// them in a file, or by what they print.
async fn timed(api: Api, stamps: Option<&Path>) -> Outcome<Vec<f64>> {
    let mut argv = vec![stamp()?];
    argv.extend(stamps.map(Path::to_owned));
    let source = file(&format!("argv: {argv:?}"));
    let mut gaps = Vec::new();
    for _ in 0..TIMED {
        let view = run(&api, &source).await?;
        let printed = view.steps.iter().filter_map(|step| step.result.as_ref()?.stdout.as_deref());
        let told = match stamps {
            Some(stamps) => {
                let told = std::fs::read_to_string(stamps)?;
                std::fs::remove_file(stamps)?;
                told
            }
            None => printed.collect(),
        };
        let told: Vec<Stamp> = told.lines().filter_map(Stamp::read).collect();
        if told.len() != STEPS {
            return Err(format!("{} steps told of themselves", told.len()).into());
        }
        gaps.extend(told.windows(2).map(|pair| pair[0].until(&pair[1])));
    }
    Ok(gaps)
}

/// The same gaps where one program is simply spawned after the other.
fn bare_chain() -> Outcome<Vec<f64>> {
    let exe = stamp()?;
    let mut told = Vec::new();
    for _ in 0..TIMED * (STEPS - 1) {
        let out = Command::new(&exe).output()?;
        told.extend(Stamp::read(&String::from_utf8(out.stdout)?));
    }
    Ok(told.windows(2).map(|pair| pair[0].until(&pair[1])).collect())
}

/// What a step's program told: nanoseconds of the clock that all processes share.
struct Stamp {
    started: f64,
    ended: f64,
}

impl Stamp {
    fn read(text: &str) -> Option<Self> {
        let (started, ended) = text.trim().split_once(' ')?;
        Some(Self { started: started.parse().ok()?, ended: ended.parse().ok()? })
    }

    /// Milliseconds between the end of this and the start of the next.
    fn until(&self, next: &Self) -> f64 {
        (next.started - self.ended) / 1e6
    }
}

/// The program that tells the clock, which lies beside this one.
fn stamp() -> Outcome<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("stamp");
    path.exists().then_some(path).ok_or_else(|| "build the program `stamp` first".into())
}
