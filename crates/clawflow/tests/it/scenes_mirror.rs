//! Jobs of a crontab as one flow: run while nobody was here, missing, and repeated.

use crate::support::{Home, wait_until};
use serde_json::Value;

/// The flow of the group's window, with its members.
fn window(home: &Home) -> Value {
    let runs = home.ok(&["cron", "runs", "morning", "--json"]).json();
    match runs["runs"].as_array().unwrap().as_slice() {
        [run] => home.ok(&["flows", "show", run["flowId"].as_str().unwrap(), "--json"]).json(),
        [] => Value::Null,
        more => panic!("{} windows", more.len()),
    }
}

fn now() -> i64 {
    clawflow_engine::clock::now()
}

/// When this year began.
fn year() -> i64 {
    let now = jiff::Timestamp::from_millisecond(now()).unwrap().to_zoned(jiff::tz::TimeZone::UTC);
    let first = now.first_of_year().unwrap().start_of_day().unwrap();
    first.timestamp().as_millisecond()
}

/// Watches three jobs; the last must have begun `ms` from now.
fn watch(home: &Home, ms: i64) -> i64 {
    let deadline = now() - year() + ms;
    let last = format!("report=label:report@{deadline}ms");
    let group = ["flows", "mirror", "--name", "morning", "--window", "@yearly", "--tz", "UTC"];
    let members = ["--member", "backup=label:backup", "--member", "import=label:import"];
    home.ok(&[&group[..], &members[..], &["--member", &last]].concat());
    year() + deadline
}

fn job(home: &Home, label: &str, code: i32) {
    let script = format!("exit {code}");
    let out = home.run(&["tasks", "wrap", "--label", label, "--", "sh", "-c", &script]);
    assert_eq!(out.code, code, "{out:?}");
}

#[test]
fn jobs_that_ran_while_nobody_was_here_are_in_their_group_and_one_is_missing() {
    let mut home = Home::new();
    let deadline = watch(&home, 3_000);
    let began = now();
    job(&home, "backup", 0);
    job(&home, "import", 3);
    let ended = now();
    wait_until("the deadline", || now() > deadline);
    // Killed at any moment of its start, the next one goes on.
    home.start_gateway();
    home.kill_newest();
    home.start_gateway();
    wait_until("the end", || window(&home)["status"] == "failed");
    let flow = window(&home);
    let steps = flow["steps"].as_array().unwrap();
    let all: Vec<_> = steps
        .iter()
        .map(|s| (s["stepId"].as_str().unwrap(), s["status"].as_str().unwrap()))
        .collect();
    assert_eq!(all, [("backup", "succeeded"), ("import", "failed"), ("report", "failed")]);
    for step in &steps[..2] {
        let (from, to) = (step["startedAt"].as_i64().unwrap(), step["endedAt"].as_i64().unwrap());
        assert!(began <= from && from <= to && to <= ended, "the job's own times: {step}");
    }
    assert_eq!(steps[0]["result"]["exitCode"], 0);
    assert_eq!(steps[1]["result"]["exitCode"], 3);
    assert_eq!(
        (&steps[2]["error"]["code"], &steps[2]["endedAt"]),
        (&"missing".into(), &deadline.into())
    );
    assert_eq!(flow["endedAt"], deadline);
    assert_eq!(
        flow["error"],
        "import: exit code 3; report: missing: it had not begun at its deadline"
    );
    let told = home.ok(&["inbox", "list", "--json"]).json();
    assert_eq!(told["deliveries"].as_array().unwrap().len(), 1, "told once: {told}");
}

#[test]
fn a_group_is_shown_as_other_flows_are_and_a_cancel_says_what_it_leaves() {
    let mut home = Home::new();
    watch(&home, 3_600_000);
    home.start_gateway();
    wait_until("the window", || !window(&home).is_null());
    let id = window(&home)["flowId"].as_str().unwrap().to_owned();
    let mut running = home.command(&["tasks", "wrap", "--label", "backup", "--", "cat"]);
    let mut running = running.stdin(std::process::Stdio::piped()).spawn().unwrap();
    wait_until("the job", || window(&home)["steps"][0]["status"] == "running");
    let shown = home.ok(&["flows", "show", &id]).stdout;
    for line in ["group_mirrored · running", "window: ", "a run with label import (import)"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let why = home.ok(&["flows", "why", &id]).stdout;
    assert!(why.contains("member report has not begun: nothing with label report"), "{why}");
    let listed = home.ok(&["flows", "list"]).stdout;
    assert!(listed.contains("group_mirrored"), "{listed}");
    assert_eq!(home.run(&["cron", "run", "morning"]).code, 4);
    let cancelled = home.ok(&["flows", "cancel", &id]);
    assert!(cancelled.stderr.contains("the members were not stopped"), "{cancelled:?}");
    assert!(running.try_wait().unwrap().is_none(), "the job goes on");
    drop(running.stdin.take());
    assert!(running.wait().unwrap().success());
    wait_until("its end", || {
        home.ok(&["tasks", "list", "--json"]).json()["tasks"][0]["status"] == "succeeded"
    });
    assert_eq!(window(&home)["steps"][0]["status"], "cancelled", "it is watched no more");
}

#[test]
fn a_mirrored_file_is_linted_and_drawn_and_not_run() {
    let home = Home::new();
    let good = "name: m\nmode: mirrored\nmembers:\n  - { id: a, label: b, deadline: '06:30' }\n";
    home.write("good.flow.yaml", good);
    home.ok(&["flows", "lint", "good.flow.yaml"]);
    let drawn = home.ok(&["flows", "graph", "good.flow.yaml", "--format", "ascii"]).stdout;
    assert_eq!(drawn, "a  label b\n");
    let ran = home.run(&["run", "good.flow.yaml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("clawflow flows mirror FILE"), "{ran:?}");
    home.write("bad.flow.yaml", good.replace("label: b,", "label: b, run: x,"));
    let bad = home.run(&["flows", "lint", "bad.flow.yaml"]);
    assert_eq!(bad.code, 2);
    assert!(bad.stdout.contains("a mirrored file starts nothing"), "{bad:?}");
    assert_eq!(home.run(&["flows", "mirror", "bad.flow.yaml"]).code, 2);
    home.write("flow.flow.yaml", "steps: [{ id: a, run: x }]\n");
    let none = home.run(&["flows", "mirror", "flow.flow.yaml"]);
    assert!(none.code == 2 && none.stderr.contains("no `mode: mirrored`"), "{none:?}");
    let named =
        |member: &str| home.run(&["flows", "mirror", "--name", "g", "--member", member]).code;
    for member in ["", "a", "a=b", "a=labl:b", "=label:b", "a=label:", "a b=label:c"] {
        assert_eq!(named(member), 2, "{member:?}");
    }
    assert_eq!(named("a=label:b@c@3h"), 0, "an `@` may be in a label");
    let group = home.ok(&["cron", "show", "g", "--json"]).json();
    assert_eq!(group["payload"]["members"][0]["value"], "b@c");
    assert_eq!(named("a=label:other"), 0, "the same name again changes it");
    let group = home.ok(&["cron", "show", "g", "--json"]).json();
    assert_eq!(group["payload"]["members"][0]["value"], "other");
}
