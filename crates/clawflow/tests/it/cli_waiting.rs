//! Commands that wait: how they give up, how they are interrupted, how they follow.

use crate::support::{Home, wait_until};

/// A task that SIGTERM does not end.
const STUBBORN: &str = "\
name: stubborn
steps:
  - id: s
    run: trap '' TERM; echo began; sleep 60 & wait; wait
";

fn stubborn() -> Home {
    let mut home = Home::new();
    home.write("s.flow.yaml", STUBBORN);
    home.start_gateway();
    home.ok(&["run", "s.flow.yaml", "--detach", "--key", "k"]);
    home.wait_for("k", "running");
    home
}

#[test]
fn a_cancel_that_gives_up_waiting_says_so_and_stays_requested() {
    let home = stubborn();
    let out = home.run(&["flows", "cancel", "k", "--wait", "100ms"]);
    assert_eq!(out.code, 6, "{out:?}");
    assert!(out.stderr.contains("still active"), "{out:?}");
    let view = home.ok(&["flows", "show", "k", "--json"]).json();
    assert!(view["cancelRequestedAt"].is_number(), "{view}");
    home.wait_for("k", "cancelled");
}

#[test]
fn a_wait_that_is_interrupted_exits_with_130() {
    let home = stubborn();
    let mut child = home.command(&["flows", "logs", "k", "--follow"]).spawn().unwrap();
    wait_until("a handler for SIGINT", || catches_sigint(child.id()));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    home.ok(&["flows", "cancel", "k", "--no-wait"]);
    let out = home.ok(&["flows", "logs", "k", "--follow"]);
    assert_eq!(out.stdout, "began\n");
}

fn catches_sigint(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() & 0b10 != 0
}
