//! Schedules with the real binary: while nothing runs, killed in the middle, and as people see them.

use crate::support::{Home, wait_until};
use serde_json::Value;

fn runs(home: &Home, name: &str) -> Vec<Value> {
    let page = home.ok(&["cron", "runs", name, "--json", "--limit", "1000"]).json();
    page["runs"].as_array().unwrap().clone()
}

fn count(runs: &[Value], status: &str) -> usize {
    runs.iter().filter(|run| run["status"] == status).count()
}

/// A flow that writes a line each time it runs.
const WEEKLY: &str = "name: weekly\nsteps:\n  - { id: report, run: echo ran >> ran }\n";

/// Makes a schedule of the flow that is due in a moment, and lets that moment pass.
fn missed(home: &Home, name: &str, policy: &str) {
    home.write("weekly.flow.yaml", WEEKLY);
    let args = ["cron", "add", name, "--at", "300ms", "--file", "weekly.flow.yaml"];
    let late = ["--missed", policy, "--late", "1ms", "--json"];
    let made = home.ok(&[&args[..], &late[..]].concat()).json();
    let slot = made["nextSlot"].as_i64().unwrap();
    wait_until("its slot", || clawflow_engine::clock::now() > slot + 100);
}

#[test]
fn a_weekly_flow_that_was_missed_runs_once_at_start_and_says_so() {
    let mut home = Home::new();
    missed(&home, "weekly", "once");
    assert!(home.ok(&["cron", "list"]).stderr.contains("nothing fires until a gateway runs"));
    assert!(runs(&home, "weekly").is_empty(), "a list fires nothing");
    home.start_gateway();
    wait_until("its run", || count(&runs(&home, "weekly"), "succeeded") == 1);
    let all = runs(&home, "weekly");
    assert_eq!((all.len(), &all[0]["trigger"]), (1, &Value::from("missed")));
    assert!(all[0]["flowId"].as_str().unwrap().starts_with("flow_"));
    assert!(home.ok(&["cron", "runs", "weekly"]).stdout.contains("missed"));
    assert_eq!(std::fs::read_to_string(home.path().join("ran")).unwrap(), "ran\n");
}

#[test]
fn with_skip_it_does_not_run_and_the_history_says_so() {
    let mut home = Home::new();
    missed(&home, "weekly", "skip");
    home.start_gateway();
    wait_until("its row", || runs(&home, "weekly").len() == 1);
    let all = runs(&home, "weekly");
    assert_eq!((&all[0]["status"], &all[0]["reason"]), (&"skipped".into(), &"missed".into()));
    let shown = home.ok(&["cron", "runs", "weekly"]).stdout;
    assert!(shown.contains("nobody was there to start it"), "{shown}");
    assert!(!home.path().join("ran").exists());
}

#[test]
fn a_gateway_that_is_killed_again_and_again_fires_each_slot_once() {
    let mut home = Home::new();
    let script = "echo $CLAWFLOW_SLOT >> slots";
    let add = ["cron", "add", "tick", "--every", "1s", "--overlap", "allow", "--", "sh", "-c"];
    home.ok(&[&add[..], &[script]].concat());
    for _ in 0..6 {
        home.start_gateway();
        let before = runs(&home, "tick").len();
        wait_until("another slot", || runs(&home, "tick").len() > before);
        home.kill_newest();
    }
    home.start_gateway();
    home.ok(&["cron", "disable", "tick"]);
    let is_open = |run: &Value| run["endedAt"].is_null();
    wait_until("the ends", || !runs(&home, "tick").iter().any(is_open));
    let all = runs(&home, "tick");
    // Slots and rows match: none twice, none missing in between.
    let mut slots: Vec<(i64, i64)> = all
        .iter()
        .map(|run| (run["slot"].as_i64().unwrap(), run["slots"].as_i64().unwrap()))
        .collect();
    slots.sort_unstable();
    for pair in slots.windows(2) {
        assert_eq!(pair[0].0 + pair[0].1 * 1000, pair[1].0, "{slots:?}");
    }
    let text = std::fs::read_to_string(home.path().join("slots")).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    let written = lines.len();
    lines.dedup();
    assert_eq!(lines.len(), written, "a slot ran twice");
    assert!(count(&all, "succeeded") <= written);
}

#[test]
fn what_cannot_be_is_said_with_a_hint() {
    let home = Home::new();
    let wrong = |args: &[&str]| {
        let out = home.run(&[&["cron", "add", "x"], args].concat());
        assert_ne!(out.code, 0, "{out:?}");
        out.told()
    };
    let said = [
        wrong(&["--", "true"]),
        wrong(&["--every", "1h"]),
        wrong(&["--cron", "0 25 * * *", "--", "true"]),
        wrong(&["--cron", "@daily", "--tz", "Europe/Berln", "--", "true"]),
        wrong(&["--at", "10m", "--agent", "nobody", "hello"]),
        wrong(&["--at", "10m", "--agent", "claude"]),
        wrong(&["--at", "10m", "hello"]),
        wrong(&["--at", "10m", "--file", "none.yaml"]),
        wrong(&["--every", "1ms", "--", "true"]),
    ];
    for (said, wanted) in said.iter().zip([
        "nothing says when it fires",
        "nothing says what it starts",
        "field 2 (hour) at column 3, `25`",
        "did you mean Europe/Berlin?",
        "agent not found: nobody",
        "the agent is asked nothing",
        "a prompt and its flags are for agents",
        "none.yaml",
        "the interval is shorter than",
    ]) {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert_eq!(home.ok(&["cron", "list"]).stderr, "no schedules\n");
}

#[test]
fn a_schedule_is_made_shown_changed_and_deleted() {
    let mut home = Home::new();
    let made = home.ok(&[
        "cron",
        "add",
        "report",
        "--cron",
        "30 6 * * mon",
        "--tz",
        "Europe/Berlin",
        "--retries",
        "3",
        "--",
        "true",
    ]);
    assert!(made.stdout.starts_with("sched_"));
    assert!(made.stderr.contains("nothing fires until a gateway runs"), "{made:?}");
    assert_eq!(home.run(&["cron", "add", "report", "--every", "1h", "--", "true"]).code, 4);
    let shown = home.ok(&["cron", "show", "report"]).stdout;
    for wanted in ["when: cron 30 6 * * mon @ Europe/Berlin", "what: true", "3 retries after 30s"] {
        assert!(shown.contains(wanted), "{wanted}: {shown}");
    }
    assert_eq!(home.ok(&["cron", "next", "report", "-n", "3"]).stdout.lines().count(), 3);
    home.ok(&["cron", "edit", "report", "--name", "weekly", "--retries", "0", "--timeout", "5m"]);
    let row = home.ok(&["cron", "show", "weekly", "--json"]).json();
    assert_eq!(
        (&row["policies"]["retries"], &row["policies"]["timeoutMs"]),
        (&0.into(), &300_000.into())
    );
    assert_eq!(row["spec"]["expr"], "30 6 * * mon", "what was not named stays");
    home.start_gateway();
    assert!(home.ok(&["cron", "status"]).stdout.starts_with("a gateway runs and fires them\n"));
    let ran = home.ok(&["cron", "run", "weekly", "--wait", "--json"]).json();
    assert_eq!((&ran["status"], &ran["trigger"]), (&"succeeded".into(), &"manual".into()));
    home.ok(&["cron", "disable", "weekly"]);
    assert!(home.ok(&["cron", "list"]).stdout.contains("disabled"));
    home.ok(&["cron", "enable", "weekly"]);
    home.ok(&["cron", "rm", "weekly"]);
    assert_eq!(home.run(&["cron", "show", "weekly"]).code, 3);
}

#[test]
fn a_flow_with_child_flows_is_taken_whole() {
    let mut home = Home::new();
    home.write("day.flow.yaml", "steps: [{ id: c, flow: { file: part.flow.yaml } }]\n");
    let part = home.write("part.flow.yaml", "steps: [{ id: a, run: echo part >> ran }]\n");
    let add = ["cron", "add", "day", "--cron", "@daily", "--file", "day.flow.yaml"];
    home.ok(&add);
    std::fs::remove_file(part).unwrap();
    let shown = home.ok(&["cron", "show", "day"]).stdout;
    assert!(shown.contains("part.flow.yaml, sha256 "), "{shown}");
    let mut again = add;
    again[2] = "again";
    assert!(home.run(&again).told().contains("part.flow.yaml"), "it is not there any more");
    home.start_gateway();
    let ran = home.ok(&["cron", "run", "day", "--wait", "--json"]).json();
    assert_eq!(ran["status"], "succeeded", "{ran}");
    assert_eq!(std::fs::read_to_string(home.path().join("ran")).unwrap(), "part\n");
}
