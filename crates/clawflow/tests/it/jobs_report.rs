//! Scripts that report about themselves, and processes that are only watched.

use crate::support::{Home, wait_until};
use std::process::Command;

#[test]
fn a_script_tells_how_it_goes() {
    let home = Home::new();
    let begun = home.ok(&["tasks", "report", "start", "import the orders", "--label", "import"]);
    let task = begun.stdout.trim();
    let told = home.ok(&["tasks", "report", "progress", "3 of 10", "--task", task]);
    assert_eq!(told.stdout, format!("{task} running\n"));
    let mut done = home.command(&["tasks", "report", "done", "--summary", "10 read", "--json"]);
    let done = done.env("CLAWFLOW_TASK_ID", task).output().unwrap();
    let done: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    let said = ["status", "progressSummary", "terminalSummary", "label", "kind"];
    let said = said.map(|name| done[name].as_str().unwrap());
    assert_eq!(said, ["succeeded", "3 of 10", "10 read", "import", "report"]);
    // The same again is the same; another end is refused.
    home.ok(&["tasks", "report", "done", "--summary", "10 read", "--task", task]);
    let out = home.run(&["tasks", "report", "fail", "no", "--task", task]);
    assert_eq!(out.code, 4, "{out:?}");
    assert_eq!(home.run(&["tasks", "report", "done"]).code, 2);
    assert_eq!(home.run(&["tasks", "report", "done", "--task", "nonesuch"]).code, 3);
    assert_eq!(home.run(&["tasks", "report", "start", " "]).code, 2);
}

#[test]
fn a_wrapped_job_knows_its_task() {
    let home = Home::new();
    let exe = env!("CARGO_BIN_EXE_clawflow");
    let script = format!("{exe} tasks report progress half >/dev/null; exit 3");
    assert_eq!(home.run(&["tasks", "wrap", "--", "sh", "-c", &script]).code, 3);
    let tasks = home.ok(&["tasks", "list", "--json"]).json();
    let task = &tasks["tasks"][0];
    assert_eq!((&task["progressSummary"], &task["error"]), (&"half".into(), &"exit code 3".into()));
    assert_eq!(tasks["tasks"].as_array().unwrap().len(), 1);
}

#[test]
fn reports_are_kept_where_nobody_takes_them() {
    let mut home = Home::new();
    home.ok(&["tasks", "list"]);
    // Somebody holds the home who never answers.
    home.start_gateway();
    let pid = home.ok(&["gateway", "status", "--json"]).json()["pid"].as_i64().unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    let begun = home.run(&["tasks", "report", "start", "import"]);
    let task = begun.stdout.trim().to_owned();
    let done = home.run(&["tasks", "report", "done", "--task", &task]);
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
    assert_eq!((begun.code, done.code), (0, 0), "{begun:?} {done:?}");
    assert!(done.stderr.ends_with("the report is kept and comes in later\n"), "{done:?}");
    wait_until("the reports", || {
        let shown = home.run(&["tasks", "show", &task, "--json"]);
        shown.code == 0 && shown.json()["status"] == "succeeded"
    });
}

#[test]
fn a_process_is_followed_to_its_end() {
    let mut home = Home::new();
    home.start_gateway();
    let mut child = Command::new("sleep").arg("600").spawn().unwrap();
    let pid = child.id().to_string();
    let task = home.ok(&["tasks", "observe", "--pid", &pid, "--label", "train"]);
    let task = task.stdout.trim().to_owned();
    let show = || home.ok(&["tasks", "show", &task, "--json"]).json();
    let told = show();
    assert_eq!((&told["status"], &told["task"]), (&"running".into(), &"sleep 600".into()));
    child.kill().unwrap();
    child.wait().unwrap();
    let out = home.run(&["tasks", "wait", &task, "--timeout", "30s"]);
    assert_eq!(out.code, 1, "{out:?}");
    let told = show();
    let known = told["status"] == "failed" && told["exit"]["signal"] == 9;
    assert!(known || told["status"] == "lost", "{told}");
    assert_eq!(home.run(&["tasks", "observe", "--pid", &pid]).code, 3);
    assert_eq!(home.run(&["tasks", "observe", "--pid", "0"]).code, 2);
}

#[test]
fn a_cancel_lets_go_of_a_job() {
    let home = Home::new();
    let task = home.ok(&["tasks", "report", "start", "import"]).stdout.trim().to_owned();
    home.ok(&["tasks", "cancel", &task, "--reason", "enough"]);
    let told = home.ok(&["tasks", "show", &task, "--json"]).json();
    assert_eq!((&told["status"], &told["error"]), (&"cancelled".into(), &"enough".into()));
    // Its end is told all the same, and changes nothing.
    let late = home.ok(&["tasks", "report", "done", "--task", &task]);
    assert_eq!(late.stdout, format!("{task} cancelled\n"));
}
