//! The commands of the ledger of tasks: found, waited for, run again.

use crate::support::{Home, wait_until};
use std::io::{BufRead, BufReader};
use std::process::Stdio;

fn labels(home: &Home, args: &[&str]) -> Vec<String> {
    let listed = home.ok(&[&["tasks", "list", "--json"], args].concat()).json();
    let tasks = listed["tasks"].as_array().unwrap().clone();
    tasks.iter().map(|task| task["label"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn tasks_are_found_by_what_they_are() {
    let home = Home::new();
    let start = |label: &str, owner: &str| {
        let args = ["tasks", "report", "start", "x", "--label", label, "--owner", owner];
        home.ok(&args).stdout.trim().to_owned()
    };
    let backup = start("backup", "ann");
    start("rotate", "ann");
    start("backup", "bob");
    home.ok(&["tasks", "report", "fail", "no", "--task", &backup]);
    home.ok(&["tasks", "run", "--wait", "--label", "own", "--", "true"]);
    assert_eq!(labels(&home, &["--runtime", "external"]), ["backup", "rotate", "backup"]);
    assert_eq!(labels(&home, &["--runtime", "cli,acp"]), ["own"]);
    assert_eq!(labels(&home, &["--label", "backup"]).len(), 2);
    assert_eq!(labels(&home, &["--label", "backup", "--status", "failed"]), ["backup"]);
    assert_eq!(labels(&home, &["--owner", "ann", "--status", "failed,running"]).len(), 2);
    assert_eq!(labels(&home, &["--label", "backup", "--owner", "carl"]), [""; 0]);
    assert_eq!(labels(&home, &["--since", "1h"]).len(), 4);
    assert_eq!(labels(&home, &["--runtime", "external", "--limit", "1"]), ["backup"]);
    assert_eq!(home.run(&["tasks", "list", "--runtime", "nonsense"]).code, 2);
}

#[test]
fn an_ended_task_runs_again_as_another() {
    let mut home = Home::new();
    home.start_gateway();
    let first = home.ok(&["tasks", "run", "--label", "count", "--", "sh", "-c", "echo x >> runs"]);
    let first = first.stdout.trim().to_owned();
    home.ok(&["tasks", "wait", &first]);
    let again = home.ok(&["tasks", "rerun", &first, "--wait", "--json"]).json();
    assert_eq!((&again["parentTaskId"], &again["label"]), (&first.clone().into(), &"count".into()));
    assert_eq!(again["status"], "succeeded");
    assert_eq!(std::fs::read_to_string(home.path().join("runs")).unwrap(), "x\nx\n");
    let other = home.ok(&["tasks", "report", "start", "x"]).stdout.trim().to_owned();
    let out = home.run(&["tasks", "rerun", &other]);
    assert_eq!(out.code, 4, "{out:?}");
    let long = home.ok(&["tasks", "run", "--", "sleep", "60"]).stdout.trim().to_owned();
    assert_eq!(home.run(&["tasks", "rerun", &long]).code, 4);
    assert_eq!(home.run(&["tasks", "wait", &long, "--timeout", "50ms"]).code, 6);
    home.ok(&["tasks", "cancel", &long]);
    assert_eq!(home.run(&["tasks", "wait", &long]).code, 1);
    assert_eq!(home.run(&["tasks", "wait", "nonesuch"]).code, 3);
}

#[test]
fn both_logs_go_where_they_belong() {
    let mut home = Home::new();
    home.start_gateway();
    let task = home.ok(&["tasks", "run", "--", "sh", "-c", "echo out; echo err >&2; echo more"]);
    let task = task.stdout.trim().to_owned();
    home.run(&["tasks", "wait", &task]);
    let both = home.ok(&["tasks", "logs", "--both", &task]);
    assert_eq!((both.stdout.as_str(), both.stderr.as_str()), ("out\nmore\n", "err\n"));
    let both = home.ok(&["tasks", "logs", "--both", "--follow", &task]);
    assert_eq!((both.stdout.as_str(), both.stderr.as_str()), ("out\nmore\n", "err\n"));
    assert_eq!(home.ok(&["tasks", "logs", "--offset", "4", &task]).stdout, "more\n");
    assert_eq!(home.ok(&["tasks", "logs", "--offset", "400", &task]).stdout, "");
    assert_eq!(home.run(&["tasks", "logs", "--both", "--stderr", &task]).code, 2);
}

#[test]
fn a_list_is_shown_again_when_it_changes() {
    let mut home = Home::new();
    home.start_gateway();
    let mut watch = home.command(&["tasks", "list", "--watch", "--json"]);
    let mut watch = watch.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), r#"{"tasks":[]}"#);
    let task = home.ok(&["tasks", "report", "start", "x"]).stdout.trim().to_owned();
    assert!(lines.next().unwrap().unwrap().contains(&task));
    home.ok(&["tasks", "report", "done", "--task", &task]);
    assert!(lines.next().unwrap().unwrap().contains("succeeded"));
    let pid = rustix::process::Pid::from_child(&watch);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    wait_until("its end", || watch.try_wait().unwrap().is_some());
    assert_eq!(watch.wait().unwrap().code(), Some(130));
}
