//! Kills at random: the gateway, its fork server, shims and children, alone or together.

use super::rng::Rng;
use crate::scenes_support::recorded;
use clawflow_engine::shim::procfs::{self, Stat};
use rustix::process::Signal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The gateway's pid while it may be killed. Whoever reaps it has the lock, so that the number
/// cannot come to mean another process.
pub(crate) type Gateway = Arc<Mutex<Option<u32>>>;

/// How long a hunt lasts.
const HUNT: Duration = Duration::from_millis(150);

/// The thread that kills.
pub(crate) struct Chaos {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<Vec<String>>>,
}

impl Chaos {
    /// Starts to kill processes of this home.
    pub(crate) fn start(seed: u64, home: &Path, gateway: &Gateway) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let mut rng = Rng::of(seed, "chaos");
        let kills = rng.from(3, 10);
        // Some strike as fast as a gateway starts.
        let pace = if rng.chance(25) { 25 } else { rng.from(30, 400) };
        let (done, home, gateway) = (over.clone(), home.to_path_buf(), gateway.clone());
        let thread = std::thread::spawn(move || {
            let mut log = Vec::new();
            for _ in 0..kills {
                std::thread::sleep(Duration::from_millis(rng.from(0, pace)));
                if done.load(Ordering::Relaxed) {
                    break;
                }
                log.push(strike(&mut rng, &home, &gateway));
            }
            done.store(true, Ordering::Relaxed);
            log
        });
        Self { over, thread: Some(thread) }
    }

    /// Whether it has done all that it is to do.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Ends it; returns what it did.
    pub(crate) fn end(mut self) -> Vec<String> {
        self.over.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap()
    }
}

/// One blow, of one or more processes.
fn strike(rng: &mut Rng, home: &Path, gateway: &Gateway) -> String {
    let what = rng.pick(&[
        "gateway",
        "gateway",
        "gateway",
        "shim",
        "idle",
        "child",
        "server",
        "gateway shim",
        "gateway shim child",
        "gateway server",
        "gateway child",
        "shim child",
        "term",
        "term shim",
        "young shim",
        "young gateway",
    ]);
    if what.starts_with("young") {
        return hunt(what, home, gateway);
    }
    let held = gateway.lock().unwrap();
    let mut killed = Vec::new();
    for kind in what.split(' ') {
        let target = match kind {
            "gateway" => held.and_then(procfs::stat),
            "term" => held.and_then(procfs::stat),
            "server" => any(rng, |stat| is_server(stat, home)),
            "shim" => any(rng, |stat| is_shim(stat, home)),
            "idle" => any(rng, |stat| is_forked(stat, home)),
            _ => any(rng, |stat| is_step(stat, home)),
        };
        if let Some(stat) = target {
            let signal = if kind == "term" { Signal::TERM } else { Signal::KILL };
            let _ = procfs::signal(stat.id, signal);
            killed.push(format!("{kind} {}", stat.id.pid));
        }
    }
    killed.join(" + ")
}

/// Lies in wait for an attempt that has a directory and no run on record, and strikes at once: its
/// shim, or the gateway that starts it.
fn hunt(what: &str, home: &Path, gateway: &Gateway) -> String {
    let runs = home.join("runs");
    let began = Instant::now();
    while began.elapsed() < HUNT {
        let boots = std::fs::read_dir(&runs).into_iter().flatten().flatten();
        let mut dirs = boots.flat_map(|boot| std::fs::read_dir(boot.path()).into_iter().flatten());
        let young = |dir: &PathBuf| recorded(dir).len() < 2 && !dir.join("out.log").exists();
        let found = dirs.find_map(|dir| dir.ok().map(|dir| dir.path()).filter(young));
        let Some(dir) = found else { continue };
        let held = gateway.lock().unwrap();
        let stat = match what {
            "young gateway" => held.and_then(procfs::stat),
            _ => procfs::all().into_iter().find(|stat| is_in(stat, &dir)),
        };
        if let Some(stat) = stat {
            let _ = procfs::signal(stat.id, Signal::KILL);
            return format!("{} {}", what.replace(' ', "-"), stat.id.pid);
        }
    }
    String::new()
}

fn any(rng: &mut Rng, is: impl Fn(&Stat) -> bool) -> Option<Stat> {
    let mut all = procfs::all();
    all.retain(|stat| !stat.is_dead() && is(stat));
    let at = usize::try_from(rng.from(0, 1 << 20)).unwrap_or(0);
    (!all.is_empty()).then(|| all.swap_remove(at % all.len()))
}

/// The fork server of whoever drives.
fn is_server(stat: &Stat, home: &Path) -> bool {
    let of = |name: &str| format!("/proc/{}/{name}", stat.id.pid);
    let here = std::fs::read_link(of("cwd")).is_ok_and(|cwd| Some(&*cwd) == home.parent());
    here && std::fs::read(of("cmdline")).is_ok_and(|line| line.ends_with(b"\0__shimd\0"))
}

/// A shim, from its first moment on, and its child until that executes.
pub(crate) fn is_shim(stat: &Stat, home: &Path) -> bool {
    is_in(stat, &home.join("runs"))
}

/// A shim that its server forked and that has a server still: idle, or at work.
fn is_forked(stat: &Stat, home: &Path) -> bool {
    procfs::stat(stat.ppid).is_some_and(|parent| is_server(&parent, home))
}

fn is_in(stat: &Stat, dir: &Path) -> bool {
    let link = std::fs::read_link(format!("/proc/{}/cwd", stat.id.pid));
    link.is_ok_and(|cwd: PathBuf| cwd.starts_with(dir))
}

/// A process of a step.
fn is_step(stat: &Stat, home: &Path) -> bool {
    let marks = [format!("CLAWFLOW_HOME={}", home.display()), "CLAWFLOW_TASK_ID=".to_owned()];
    let Ok(environ) = std::fs::read(format!("/proc/{}/environ", stat.id.pid)) else {
        return false;
    };
    let has = |mark: &str| environ.split(|b| *b == 0).any(|e| e.starts_with(mark.as_bytes()));
    marks.iter().all(|mark| has(mark))
}
