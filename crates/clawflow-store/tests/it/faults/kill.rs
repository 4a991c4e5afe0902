//! A process that is killed keeps every promise that it made, and leaves no half unit.

use super::child::{command, role, say, whole};
use clawflow_store::conformance::fixtures::whole_flow;
use clawflow_store::conformance::put;
use clawflow_store::query::EventFilter;
use clawflow_store::sqlite::{CommitPoint, SqliteOptions};
use clawflow_store::{SqliteStore, Store};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Units that the child has under way.
const IN_FLIGHT: usize = 8;

/// Transactions until the process kills itself, at one of the points.
static FUSE: AtomicI64 = AtomicI64::new(i64::MAX);

fn die() {
    let me = rustix::process::getpid();
    rustix::process::kill_process(me, rustix::process::Signal::KILL).expect("a signal");
    std::thread::sleep(Duration::from_secs(60));
}

fn burn(at: CommitPoint, point: CommitPoint) {
    if at == point && FUSE.fetch_sub(1, Ordering::Relaxed) == 1 {
        die();
    }
}

fn hook(name: &str) -> Option<fn(CommitPoint)> {
    match name {
        "begun" => Some(|at| burn(at, CommitPoint::Begun)),
        "written" => Some(|at| burn(at, CommitPoint::Written)),
        "committed" => Some(|at| burn(at, CommitPoint::Committed)),
        "answered" => Some(|at| burn(at, CommitPoint::Answered)),
        _ => None,
    }
}

/// Runs as a child: commits flows for ever and tells of each that was acknowledged.
#[test]
fn writer_child() {
    let Some((dir, arg)) = role() else { return };
    let (first, point) = arg.split_once(' ').expect("the first number and a point");
    let first: u64 = first.parse().expect("a number");
    FUSE.store(4, Ordering::Relaxed);
    let options = SqliteOptions { hook: hook(point), ..SqliteOptions::default() };
    let store = SqliteStore::open_with(&dir, &options).expect("a store");
    say("open");
    let mut under_way = VecDeque::new();
    for n in first.. {
        under_way.push_back((n, store.submit(whole_flow(n))));
        if under_way.len() == IN_FLIGHT {
            let (n, receipt) = under_way.pop_front().expect("the oldest");
            receipt.blocking_recv().expect("an answer").expect("a commit");
            say(&format!("ack {n}"));
        }
    }
}

/// When a child is killed.
enum Kill {
    /// By itself, at its point.
    Itself,
    /// So long after its start.
    AfterStart(Duration),
    /// So long after it has opened its store.
    AfterOpen(Duration),
}

/// Runs the child until it is dead; returns what it acknowledged.
fn life(dir: &Path, first: u64, point: &str, kill: &Kill) -> Vec<u64> {
    let arg = format!("{first} {point}");
    let mut child = command("faults::kill::writer_child", dir, &arg).spawn().expect("a child");
    let out = BufReader::new(child.stdout.take().expect("its output"));
    let (tell, opened) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let lines = out.lines().map_while(Result::ok);
        let lines = lines.inspect(|line| {
            if line == "open" {
                // The parent may not be waiting for it.
                let _ = tell.send(());
            }
        });
        let acks = lines.filter_map(|line| line.strip_prefix("ack ")?.parse().ok());
        acks.collect::<Vec<u64>>()
    });
    match kill {
        Kill::Itself => {}
        Kill::AfterStart(lifetime) => std::thread::sleep(*lifetime),
        Kill::AfterOpen(lifetime) => {
            opened.recv_timeout(Duration::from_secs(60)).expect("the child opens its store");
            std::thread::sleep(*lifetime);
        }
    }
    if !matches!(kill, Kill::Itself) {
        child.kill().expect("a kill");
    }
    child.wait().expect("its end");
    reader.join().expect("what it acknowledged")
}

/// All that was acknowledged is whole, nothing is half, and the sequence has no gap.
/// Returns the number after the last flow that is there.
fn judge(dir: &Path, first: u64, acks: &[u64]) -> u64 {
    let store = SqliteStore::open(dir).expect("it opens again");
    assert_eq!(store.check().expect("check"), Vec::<String>::new());
    assert!(acks.iter().copied().eq(first..first + acks.len() as u64), "in order: {acks:?}");
    for n in acks {
        assert!(whole(&store, *n), "flow {n} was acknowledged and is gone");
    }
    // Units under way were applied in order, so what is there has no gap either.
    let mut next = first + acks.len() as u64;
    while whole(&store, next) {
        next += 1;
    }
    for n in next..next + 2 * IN_FLIGHT as u64 {
        assert!(!whole(&store, n), "flow {n} is there, flow {next} is not");
    }
    let all = EventFilter { limit: usize::MAX, ..EventFilter::default() };
    let seqs: Vec<u64> = store.events(&all).expect("events").iter().map(|e| e.seq).collect();
    assert!(seqs.iter().copied().eq(1..=seqs.len() as u64), "seq has a gap");
    assert_eq!(seqs.len() as u64, 2 * next);
    put(&store, whole_flow(next)).expect("it works again");
    next + 1
}

#[test]
fn killed_at_any_time_nothing_acknowledged_is_lost() {
    let dir = tempfile::tempdir().expect("a directory");
    let (mut first, mut acknowledged) = (0, 0);
    for round in 0..25_u64 {
        // Spread over start, first commits and steady state.
        let lifetime = Duration::from_millis(1 + round * 37 % 60);
        let kill = match round % 5 {
            0 => Kill::AfterStart(lifetime),
            _ => Kill::AfterOpen(lifetime),
        };
        let acks = life(dir.path(), first, "-", &kill);
        acknowledged += acks.len();
        first = judge(dir.path(), first, &acks);
    }
    assert!(acknowledged > 25, "only {acknowledged} commits in all rounds: nothing was tested");
}

#[test]
fn killed_at_each_point_of_a_commit() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut first = 0;
    for point in ["begun", "written", "committed", "answered"] {
        let acks = life(dir.path(), first, point, &Kill::Itself);
        first = judge(dir.path(), first, &acks);
    }
}
