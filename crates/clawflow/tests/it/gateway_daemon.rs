//! `clawflow gateway` with the real binary: one holder, named, replaced after a crash.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::shim_support::{DEADLINE, exe};

fn command(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(exe());
    command.arg("--home").arg(home).args(args).stdin(Stdio::null());
    // The developer's own settings are not under test.
    command.env("HOME", home).env_remove("XDG_CONFIG_HOME").env_remove("CLAWFLOW_CONFIG");
    command
}

fn clawflow(home: &Path, args: &[&str]) -> Output {
    command(home, args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {error}", output.status);
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A gateway in the foreground that serves; killed if it is still there at the end.
struct Gateway(Child);

impl Gateway {
    fn start(home: &Path) -> Self {
        let mut child = command(home, &["gateway", "run"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("clawflow gateway: serving "), "{line}");
        Self(child)
    }

    fn ends(&mut self) -> Option<i32> {
        let began = Instant::now();
        while began.elapsed() < DEADLINE {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the gateway does not end");
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn one_gateway_runs_and_others_are_told_of_it() {
    let home = TempDir::new().unwrap();
    let home = home.path();
    let none = clawflow(home, &["gateway", "status"]);
    assert_eq!(none.status.code(), Some(5));
    let said = stderr(&none);
    let expected =
        format!("error: no gateway runs on {}\nhint: clawflow gateway run\n", home.display());
    assert_eq!(said, expected);
    assert_eq!(clawflow(home, &["gateway", "stop"]).status.code(), Some(5));

    let mut first = Gateway::start(home);
    let pid = first.0.id();
    let status = stdout(&clawflow(home, &["gateway", "status", "--json"]));
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!((&status["pid"], &status["kind"]), (&pid.into(), &"gateway".into()));
    let text = stdout(&clawflow(home, &["gateway", "status"]));
    assert!(text.starts_with("gateway ") && text.contains(&format!(" pid {pid} ")), "{text}");

    let second = clawflow(home, &["gateway", "run"]);
    assert_eq!(second.status.code(), Some(5));
    let said = stderr(&second);
    assert!(said.contains("a gateway already runs on ") && said.contains(&format!("pid {pid}")));
    assert!(said.ends_with("hint: clawflow gateway stop\n"), "{said}");

    let stopped = stdout(&clawflow(home, &["gateway", "stop"]));
    assert_eq!(stopped, format!("gateway stopped (pid {pid})\n"));
    assert_eq!(first.ends(), Some(0));
    assert!(!home.join("gateway.sock").exists());
}

#[test]
fn a_killed_gateway_is_replaced_and_a_told_one_ends_well() {
    let home = TempDir::new().unwrap();
    let mut first = Gateway::start(home.path());
    first.0.kill().unwrap();
    first.ends();
    assert!(home.path().join("gateway.sock").exists(), "the socket is stale");
    for signal in ["TERM", "INT"] {
        let mut next = Gateway::start(home.path());
        stdout(&clawflow(home.path(), &["gateway", "status"]));
        let pid = next.0.id().to_string();
        let sent = Command::new("kill").arg(format!("-{signal}")).arg(pid).status().unwrap();
        assert!(sent.success());
        assert_eq!(next.ends(), Some(0), "{signal}");
    }
}

#[test]
fn a_task_outlives_its_gateway_and_the_next_one_finishes_the_flow() {
    let home = TempDir::new().unwrap();
    let go = home.path().join("go");
    let file = home.path().join("slow.flow.yaml");
    let wait = format!("until test -e {}; do sleep 0.05; done; echo done", go.display());
    let source = format!("steps:\n  - {{ id: slow, run: '{wait}' }}\n");
    std::fs::write(&file, source).unwrap();
    // No gateway runs: this starts one in the background.
    let file = file.to_str().unwrap();
    let run = clawflow(home.path(), &["run", "--detach", "--key", "slow", file]);
    stdout(&run);
    assert!(stderr(&run).contains("starting one in the background"), "{}", stderr(&run));
    let log = home.path().join("gateway.log");
    assert!(std::fs::read_to_string(log).unwrap().starts_with("clawflow gateway: serving "));
    running(home.path(), 1);
    let stopped = stdout(&clawflow(home.path(), &["gateway", "stop"]));
    assert!(stopped.contains("1 running task goes on"), "{stopped}");
    let _next = Gateway::start(home.path());
    running(home.path(), 1);
    std::fs::write(&go, "").unwrap();
    running(home.path(), 0);
    let status = stdout(&clawflow(home.path(), &["gateway", "status"]));
    assert!(status.contains("flows   1 succeeded\n"), "{status}");
}

/// Waits until so many tasks run.
fn running(home: &Path, tasks: u64) {
    let began = Instant::now();
    loop {
        let status = stdout(&clawflow(home, &["gateway", "status", "--json"]));
        let status: serde_json::Value = serde_json::from_str(&status).unwrap();
        if status["running"] == tasks {
            return;
        }
        assert!(began.elapsed() < DEADLINE, "{status}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_background_gateway_that_dies_says_why() {
    let home = TempDir::new().unwrap();
    std::fs::write(home.path().join("clawflow.db"), "this is no database at all, not even close")
        .unwrap();
    let file = home.path().join("a.flow.yaml");
    std::fs::write(&file, "steps:\n  - { id: a, run: 'true' }\n").unwrap();
    let run = clawflow(home.path(), &["run", "--detach", file.to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(5), "{}", stderr(&run));
    let said = stderr(&run);
    assert!(said.contains("cannot start a gateway in the background: it ended with"), "{said}");
    assert!(said.contains("hint: its log is "), "{said}");
}

#[test]
fn the_unit_can_be_looked_at_first() {
    let home = TempDir::new().unwrap();
    let unit = stdout(&clawflow(home.path(), &["gateway", "install", "--dry-run"]));
    assert!(unit.contains(" gateway run --home "), "{unit}");
    assert!(!home.path().join(".config").exists());
    stdout(&clawflow(home.path(), &["gateway", "install"]));
    let written = home.path().join(".config/systemd/user/clawflow.service");
    assert_eq!(std::fs::read_to_string(written).unwrap(), unit);
}
