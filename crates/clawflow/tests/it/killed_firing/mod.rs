//! A real gateway that is killed before and after each commit of a firing: the next one goes on, and
//! each slot has one run, which ran once.

mod tracer;

use crate::support::{Home, wait_until};
use clawflow_engine::clock::now;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use tracer::{Point, kill_at};

/// Homes at work at the same time: each mostly waits for its slot.
const AT_ONCE: usize = 3;
/// Time from the first schedule to the slot of all; doubled where the machine needs longer.
const AHEAD_MS: i64 = 1500;
const AHEAD_MAX_MS: i64 = 24_000;

const FLOW: &str = "name: two\nsteps:\n  - { id: a, run: echo flow >> ran }\n";

fn text(at: i64, pattern: &str) -> String {
    let at = jiff::Timestamp::from_millisecond(at).unwrap();
    at.to_zoned(jiff::tz::TimeZone::UTC).strftime(pattern).to_string()
}

/// A command, a flow, and a group that watches the command, with a slot at the same second. Says
/// whether that was done before then.
fn prepare(home: &Home, slot: i64) -> bool {
    home.write("two.flow.yaml", FLOW);
    let at = text(slot, "%Y-%m-%dT%H:%M:%SZ");
    let add = |name, what: &[&str]| {
        let out = home.run(&[&["cron", "add", name, "--at", &at, "--late", "1h"], what].concat());
        assert!(out.code == 0 || now() >= slot, "{out:?}");
    };
    add("one", &["--", "sh", "-c", "echo command >> ran"]);
    add("two", &["--file", "two.flow.yaml"]);
    let window = text(slot, "%-S %-M %-H * * *");
    let group = ["flows", "mirror", "--name", "all", "--window", &window, "--tz", "UTC"];
    let out = home.run(&[&group[..], &["--member", "job=schedule:one"]].concat());
    assert!(out.code == 0 || now() >= slot, "{out:?}");
    now() < slot
}

/// What a command says in JSON; nothing, if the gateway that it asked has died meanwhile.
fn said(home: &Home, args: &[&str]) -> Value {
    let out = home.run(&[args, &["--json"]].concat());
    serde_json::from_str(&out.stdout).unwrap_or_default()
}

/// The rows of this slot.
fn runs(home: &Home, name: &str, slot: i64) -> Vec<Value> {
    let page = said(home, &["cron", "runs", name]);
    let all = page["runs"].as_array().cloned().unwrap_or_default();
    all.into_iter().filter(|run| run["slot"] == slot).collect()
}

/// Whether all has come of the slot that will.
fn is_over(home: &Home, slot: i64) -> bool {
    let ended = |name| runs(home, name, slot).iter().any(|run| !run["endedAt"].is_null());
    ended("one") && ended("two") && ended("all")
}

/// Each slot has one row and ran once.
fn judge(home: &Home, slot: i64, what: &str) {
    for name in ["one", "two", "all"] {
        let all = runs(home, name, slot);
        assert_eq!(all.len(), 1, "{what}: {name}: {all:#?}");
        // The window's is that of its flow, which has seen the command end well.
        assert_eq!(all[0]["status"], "succeeded", "{what}: {name}: {all:#?}");
        assert_eq!(all[0]["slots"], 1, "{what}: {name}: {all:#?}");
    }
    let ran = std::fs::read_to_string(home.path().join("ran")).unwrap_or_default();
    let mut ran: Vec<_> = ran.lines().collect();
    ran.sort_unstable();
    assert_eq!(ran, ["command", "flow"], "{what}");
    let audit = home.run(&["tasks", "audit", "--json"]);
    assert_eq!(audit.code, 0, "{what}: {audit:?}");
}

fn longer(ahead: i64, what: &str) -> i64 {
    assert!(ahead < AHEAD_MAX_MS, "{what}: this machine is too slow");
    ahead * 2
}

/// One life of a gateway, killed at this point of this commit of the firing, and the next one's.
/// Says whether it was killed, or whether there is no such commit.
fn killed(point: Point, commit: usize) -> bool {
    let what = format!("{point:?} {commit}");
    let mut ahead = AHEAD_MS;
    loop {
        let mut home = Home::new();
        // At a whole second, as cron expressions have it.
        let slot = (now() + ahead) / 1000 * 1000 + 1000;
        if !prepare(&home, slot) {
            ahead = longer(ahead, &what);
            continue;
        }
        home.start_gateway();
        let pid = home.newest_pid();
        let (traced, is_traced) = channel();
        let tracer = thread::spawn(move || kill_at(pid, point, commit, traced));
        is_traced.recv().unwrap();
        if now() >= slot {
            home.kill_newest();
            tracer.join().unwrap();
            ahead = longer(ahead, &what);
            continue;
        }
        wait_until(&what, || tracer.is_finished() || is_over(&home, slot));
        let died = tracer.is_finished();
        home.kill_newest();
        tracer.join().unwrap();
        home.start_gateway();
        wait_until(&what, || is_over(&home, slot));
        judge(&home, slot, &what);
        return died;
    }
}

/// Kills gateways at this point of each commit, until there is none any more to die at.
fn killed_at_each(point: Point) {
    let (next, deaths, survived) =
        (AtomicUsize::new(1), AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while !survived.load(Ordering::Relaxed) {
                    match killed(point, next.fetch_add(1, Ordering::Relaxed)) {
                        true => drop(deaths.fetch_add(1, Ordering::Relaxed)),
                        false => survived.store(true, Ordering::Relaxed),
                    }
                }
            });
        }
    });
    // Slots come, what they start ends, and so do their runs.
    let deaths = deaths.into_inner();
    assert!(deaths >= 3, "only {deaths} commits");
}

#[test]
fn a_gateway_killed_before_each_commit_of_a_firing_fires_each_slot_once() {
    killed_at_each(Point::Before);
}

#[test]
fn a_gateway_killed_after_each_commit_of_a_firing_fires_each_slot_once() {
    killed_at_each(Point::After);
}
