//! Turns of coding agents: what our client costs beside one that talks to the same scripted agent
//! with nothing in between, what a flood of updates costs, what an agent at work costs in memory.
//!
//! `cargo build --profile release-lite -p clawflow -p clawflow-bench &&
//!  target/release-lite/acp [DIRECTORY]`
//!
//! Looks for `clawflow` beside itself. This program is the agent as well. Rounds of ours and of the
//! other client take turns; medians of 7.

use clawflow_bench::agent::{Stamp, directly, piece, serve};
use clawflow_bench::gateway::{Gateway, start};
use clawflow_bench::process::{cpu_ms, parent, private_kib};
use clawflow_bench::spine::Outcome;
use clawflow_bench::{fdatasync_rate, median, print_table, settle, warn_unless_idle};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Rounds of which the median is told.
const ROUNDS: usize = 7;
/// Turns of a round, one after the other.
const TURNS: usize = 20;
/// Updates of a flood, and microseconds between two of one that keeps its pace.
const UPDATES: usize = 20_000;
const PACE_US: u64 = 250;
/// Agents at once, and what each of them has said.
const AGENTS: usize = 50;
const SAID: usize = 1_000;
/// Whatever is waited for must come within this time.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let arg = std::env::args_os().nth(1);
    let done = match arg {
        Some(verb) if verb == "agent" => serve(),
        base => bench(&base.map_or_else(std::env::temp_dir, PathBuf::from)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(base: &Path) -> Outcome<()> {
    warn_unless_idle();
    let dir = tempfile::tempdir_in(base)?;
    println!("raw fdatasync: {:.0}/s\n", fdatasync_rate(dir.path())?);
    let home = Home::new(dir.path())?;
    turns(&home)?;
    let mut rows = Vec::new();
    for (name, pace_us) in [("as fast as it can", 0), ("4,000 a second", PACE_US)] {
        let floods: Vec<Flood> =
            (0..ROUNDS).map(|n| flood(&home, n, pace_us)).collect::<Outcome<_>>()?;
        let of = |what: fn(&Flood) -> f64| median(&floods.iter().map(what).collect::<Vec<_>>());
        rows.push(vec![
            format!("{UPDATES} updates, {name}"),
            format!("{:.1}", of(|flood| flood.gateway_us)),
            format!("{:.1}", of(|flood| flood.shim_us)),
            format!("{:.1}", of(|flood| flood.gateway_us + flood.shim_us)),
            format!("{:.0}", of(|flood| flood.seconds * 1000.0)),
            format!("{:.1}", of(|flood| flood.writes / flood.seconds)),
        ]);
    }
    let header = ["CPU per update, us", "gateway", "shim", "both", "ms", "writes/s"];
    print_table(&header, &rows)?;
    drop(home);
    let (shims, gateway) = crowd(&Home::new(dir.path())?)?;
    println!(
        "\n{AGENTS} agents at once, private memory of each: shim {shims:.0} KiB, gateway \
         {gateway:.0} KiB more"
    );
    Ok(())
}

/// A home with its gateway and the agent `bench`.
struct Home {
    dir: PathBuf,
    exe: PathBuf,
    agent: Vec<String>,
    gateway: Gateway,
}

impl Home {
    fn new(base: &Path) -> Outcome<Self> {
        let own = std::env::current_exe()?;
        let exe = own.with_file_name("clawflow");
        if !exe.exists() {
            return Err(format!("there is no {}: build -p clawflow first", exe.display()).into());
        }
        let dir = tempfile::tempdir_in(base)?.keep();
        let agent = vec![own.display().to_string(), "agent".to_owned()];
        let config = format!(
            "[gateway]\nmax_tasks = {AGENTS}\n[agents.bench]\ncommand = {}\n",
            serde_json::to_string(&agent)?
        );
        fs::write(dir.join("config.toml"), config)?;
        let (gateway, _) = start(&exe, &dir)?;
        Ok(Self { dir, exe, agent, gateway })
    }

    /// What a command prints.
    fn told(&self, args: &[&str]) -> Outcome<Value> {
        let mut command = Command::new(&self.exe);
        command.arg("--home").arg(&self.dir).args(args).arg("--json").stdin(Stdio::null());
        let out = command.output()?;
        if !out.status.success() {
            let said = String::from_utf8_lossy(&out.stdout);
            return Err(format!("clawflow {args:?}: {}: {said}", out.status).into());
        }
        Ok(serde_json::from_slice(&out.stdout)?)
    }

    /// Starts a flow whose steps ask the agent this; its id.
    fn flow(&self, steps: usize, prompt: &str, more: &str) -> Outcome<String> {
        let file = self.dir.join("bench.flow.yaml");
        let step =
            |n| format!("  - {{ id: s{n}, acp: {{ agent: bench, prompt: '{prompt}' }}{more} }}\n");
        let steps: String = (0..steps).map(step).collect();
        fs::write(&file, format!("steps:\n{steps}"))?;
        let flow = self.told(&["run", "--detach", &file.display().to_string()])?;
        Ok(flow["flowId"].as_str().ok_or("no flowId")?.to_owned())
    }

    fn ended(&self, flow: &str) -> Outcome<()> {
        self.told(&["flows", "wait", flow, "--ended", "--timeout", "120s"])?;
        Ok(())
    }

    fn gateway(&self) -> u64 {
        self.gateway.pid().into()
    }
}

/// One turn after the other, by us and by the other client.
fn turns(home: &Home) -> Outcome<()> {
    let (ours_at, theirs_at) = (home.dir.join("ours"), home.dir.join("theirs"));
    let (mut talks, mut steps) = ((vec![], vec![]), (vec![], vec![]));
    for _ in 0..ROUNDS {
        settle(&home.dir)?;
        let prompt = format!("turn {}", theirs_at.display());
        for _ in 0..TURNS {
            directly(&home.agent, &prompt)?;
        }
        let (talk, step) = stamps(&theirs_at)?;
        talks.1.push(talk);
        steps.1.push(step);
        let flow = home.flow(TURNS, &format!("turn {}", ours_at.display()), "")?;
        home.ended(&flow)?;
        let (talk, step) = stamps(&ours_at)?;
        talks.0.push(talk);
        steps.0.push(step);
    }
    let row = |name: &str, (ours, theirs): (Vec<f64>, Vec<f64>)| {
        let (ours, theirs) = (median(&ours), median(&theirs));
        let told = [ours, theirs, ours - theirs].map(|ms| format!("{ms:.2} ms"));
        [vec![name.to_owned()], told.to_vec()].concat()
    };
    print_table(
        &["a turn", "ours", "direct", "overhead"],
        &[
            row("from the agent's first line to the end of its input", talks),
            row("from an agent's start to the next one's", steps),
        ],
    )?;
    println!();
    Ok(())
}

/// Milliseconds of the conversations, and from one start to the next, at the median.
fn stamps(file: &Path) -> Outcome<(f64, f64)> {
    let text = fs::read_to_string(file)?;
    fs::remove_file(file)?;
    let stamps: Vec<Stamp> = text.lines().filter_map(Stamp::read).collect();
    if stamps.len() != TURNS {
        return Err(format!("{} agents told of themselves", stamps.len()).into());
    }
    let talks: Vec<f64> = stamps.iter().map(|one| (one.ended - one.heard) / 1e6).collect();
    let gaps = stamps.windows(2).map(|pair| (pair[1].began - pair[0].began) / 1e6);
    Ok((median(&talks), median(&gaps.collect::<Vec<_>>())))
}

/// What a flood has cost.
struct Flood {
    /// Microseconds of processor per update.
    gateway_us: f64,
    shim_us: f64,
    /// Units that changed the task's row while it lasted, beside the one that names its process.
    writes: f64,
    seconds: f64,
}

/// One turn with many updates, all of which must have arrived in their order.
fn flood(home: &Home, round: usize, pace_us: u64) -> Outcome<Flood> {
    let dir = home.dir.join(format!("flood-{pace_us}-{round}"));
    fs::create_dir(&dir)?;
    let before = cpu_ms(home.gateway())?;
    let begun = Instant::now();
    let flow = home.flow(1, &format!("flood {UPDATES} {pace_us} {}", dir.display()), "")?;
    let agents = ready(&dir, 1)?;
    let seconds = begun.elapsed().as_secs_f64();
    let shim = cpu_ms(parent(agents[0])?)?;
    let gateway = cpu_ms(home.gateway())? - before;
    let tasks = home.told(&["tasks", "list", "--flow", &flow])?;
    let version = tasks["tasks"][0]["version"].as_f64().ok_or("no version")?;
    fs::write(dir.join("go"), "")?;
    home.ended(&flow)?;
    let shown = home.told(&["flows", "show", &flow])?;
    let answer: String = (0..UPDATES).map(piece).collect();
    if shown["steps"][0]["result"]["stdout"] != answer.as_str() {
        return Err("updates were lost".into());
    }
    let each = |ms: f64| ms * 1000.0 / UPDATES as f64;
    Ok(Flood {
        gateway_us: each(gateway),
        shim_us: each(shim),
        writes: (version - 1.0).max(0.0),
        seconds,
    })
}

/// Private memory in KiB of a shim, and of the gateway for each of many agents at once.
fn crowd(home: &Home) -> Outcome<(f64, f64)> {
    // What the first one needs, all need together.
    for (name, count) in [("first", 1), ("crowd", AGENTS)] {
        let dir = home.dir.join(name);
        fs::create_dir(&dir)?;
        let before = private_kib(home.gateway())?;
        let flow = home.flow(count, &format!("flood {SAID} 0 {}", dir.display()), ", needs: []")?;
        let agents = ready(&dir, count)?;
        let after = private_kib(home.gateway())?;
        let shims = agents.iter().map(|agent| private_kib(parent(*agent)?));
        let shims: u64 = shims.sum::<Outcome<u64>>()?;
        fs::write(dir.join("go"), "")?;
        home.ended(&flow)?;
        if count == AGENTS {
            let each = |kib: u64| kib as f64 / AGENTS as f64;
            return Ok((each(shims), each(after.saturating_sub(before))));
        }
    }
    Err("no crowd".into())
}

/// The agents that have said all that they say before they wait.
fn ready(dir: &Path, count: usize) -> Outcome<Vec<u64>> {
    let begun = Instant::now();
    loop {
        let names =
            fs::read_dir(dir)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let agents: Vec<u64> =
            names.filter_map(|name| name.strip_prefix("ready-")?.parse().ok()).collect();
        if agents.len() == count {
            return Ok(agents);
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("{} of {count} agents are ready", agents.len()).into());
        }
        sleep(Duration::from_millis(2));
    }
}
