//! The audit by the real binary: of a home that is busy, and of one whose programs were killed.

use crate::support::{Home, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Everything that may go on at the same time and is well.
const BUSY: &str = "\
steps:
  - { id: works, run: sleep 600, needs: [] }
  - { id: sleeps, sleep: 1h, needs: [] }
  - { id: asks, approval: go on?, needs: [] }
  - { id: hears, wait_for: { event: rain }, needs: [] }
  - { id: again, run: 'false', retry: { max: 9, delay: 1h }, needs: [] }
  - { id: child, flow: { file: below.yaml }, needs: [] }
  - { id: later, run: 'true', needs: [asks] }
";

fn audit(home: &Home) -> Value {
    home.ok(&["tasks", "audit", "--json"]).json()
}

/// Codes of the findings, but for what the disk of this machine has to do with.
fn codes(found: &Value) -> Vec<&str> {
    let all = found["findings"].as_array().unwrap().iter();
    all.map(|one| one["code"].as_str().unwrap()).filter(|code| *code != "disk_low").collect()
}

#[test]
fn a_busy_home_is_well() {
    let mut home = Home::new();
    home.write("busy.yaml", BUSY);
    home.write("below.yaml", "steps:\n  - { id: ask, approval: deeper? }\n");
    std::fs::create_dir(home.path().join("home")).unwrap();
    home.write("home/config.toml", "[queues.one]\nconcurrency = 1\n");
    home.write("queued.yaml", "queue: one\nsteps:\n  - { id: a, run: sleep 600 }\n");
    home.start_gateway();
    home.ok(&["run", "busy.yaml", "--key", "busy", "--detach"]);
    for key in ["first", "second"] {
        home.ok(&["run", "queued.yaml", "--key", key, "--detach"]);
    }
    home.ok(&["run", "gated.flow.yaml", "--key", "paused", "--detach"]);
    home.ok(&["flows", "pause", "paused"]);
    home.ok(&["tasks", "run", "--", "sleep", "600"]);
    home.ok(&["tasks", "report", "start", "import"]);
    home.ok(&["cron", "add", "often", "--every", "1s", "--", "true"]);
    home.ok(&["flows", "create", "be driven", "--controller", "test", "--owner", "agent:a:main"]);
    home.run(&["tasks", "wrap", "--", "false"]);
    wait_until("all is at work", || {
        let shown = home.ok(&["flows", "show", "busy", "--json"]).json();
        let is = |step: &Value, status: &str| step["status"] == status;
        let steps = shown["steps"].as_array().unwrap();
        steps.iter().any(|s| is(s, "retrying")) && steps.iter().any(|s| is(s, "running"))
    });
    for _ in 0..3 {
        let found = audit(&home);
        assert_eq!(codes(&found), Vec::<&str>::new(), "{found}");
    }
    let said = home.run(&["tasks", "audit", "--code", "lost", "--fail-on", "warn"]);
    assert_eq!(said.code, 0, "{said:?}");
}

/// The processes that have this in their environment.
fn having(text: &str) -> Vec<i32> {
    let has = |pid: &i32| {
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        String::from_utf8_lossy(&environ).contains(text)
    };
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(has).collect()
}

/// The parent of a process whose name has no spaces.
fn parent(pid: i32) -> i32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.split_whitespace().nth(3).unwrap().parse().unwrap()
}

#[test]
fn what_was_killed_is_found_and_said_how_to_mend() {
    let mut home = Home::new();
    home.start_gateway();
    let made = home.ok(&["tasks", "run", "--json", "--", "sleep", "600"]).json();
    let id = made["taskId"].as_str().unwrap().to_owned();
    wait_until("it runs", || !having(&id).is_empty());
    let child = having(&id)[0];
    let shim = parent(child);
    home.kill_newest();
    for pid in [shim, child] {
        kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    }
    wait_until("the processes are gone", || codes(&audit(&home)) == ["stale_running"]);
    let found = audit(&home);
    let finding = &found["findings"][0];
    assert_eq!(finding["severity"], "error");
    assert_eq!(finding["detail"], "its process is gone and left no word");
    assert_eq!(finding["hint"], "clawflow tasks maintenance --apply");
    let quiet = home.run(&["tasks", "audit", "--severity", "warn", "--fail-on", "error"]);
    assert_eq!(quiet.code, 0, "{quiet:?}");
    let loud = home.run(&["tasks", "audit", "--code", "stale_running", "--fail-on", "warn"]);
    assert_eq!(loud.code, 1, "{loud:?}");
    assert!(loud.stdout.contains("error  stale_running  task task_"), "{loud:?}");
    assert!(loud.stdout.contains("hint: clawflow tasks maintenance --apply\n"), "{loud:?}");
    let shown = home.ok(&["tasks", "maintenance"]);
    let wanted = format!("reconcile  {id}: its process is gone: it is lost, once nothing of it");
    assert!(shown.stdout.starts_with(&wanted), "{shown:?}");
    assert_eq!(codes(&audit(&home)), ["stale_running"], "that was only looked at");
    let done = home.ok(&["tasks", "maintenance", "--apply", "--json"]).json();
    assert_eq!((&done["actionsTotal"], &done["actions"][0]["done"]), (&1.into(), &true.into()));
    assert_eq!(home.ok(&["tasks", "show", &id, "--json"]).json()["status"], "lost");
    assert_eq!(codes(&audit(&home)), ["lost"]);
    let why = home.ok(&["tasks", "why", &id]);
    assert!(why.stdout.contains(&format!("  clawflow tasks rerun {id}\n")), "{why:?}");
}

#[test]
fn the_file_is_looked_after_when_asked() {
    let home = Home::new();
    home.run(&["tasks", "wrap", "--", "true"]);
    let checked = home.ok(&["tasks", "maintenance", "--check"]);
    assert!(checked.stdout.ends_with("the ledger is whole\n"), "{checked:?}");
    let done = home.ok(&["tasks", "maintenance", "--apply", "--vacuum", "--check", "full"]);
    assert!(done.stdout.contains("\nfile 0.") && done.stdout.contains("free 0.0 MiB"), "{done:?}");
    let json = home.ok(&["tasks", "maintenance", "--check", "full", "--json"]).json();
    assert_eq!((&json["mode"], &json["problems"]), (&"preview".into(), &serde_json::json!([])));
    assert!(json["store"]["bytes"].as_u64().unwrap() > 0 && json["store"]["freeBytes"] == 0);
    for bad in [&["--vacuum"][..], &["--check", "nonsense"]] {
        assert_eq!(home.run(&[&["tasks", "maintenance"], bad].concat()).code, 2, "{bad:?}");
    }
}

#[test]
fn arguments_of_an_audit_are_checked() {
    let home = Home::new();
    for bad in [["--code", "nonsense"], ["--severity", "bad"], ["--limit", "0"], ["--fail-on", ""]]
    {
        assert_eq!(home.run(&["tasks", "audit", bad[0], bad[1]]).code, 2, "{bad:?}");
    }
    let told = home.ok(&["tasks", "audit", "--code", "in_doubt,lost"]);
    assert!(told.stdout.ends_with("no findings\n"), "{told:?}");
}

/// A gateway of another program than the one of the tests.
struct Other(Child);

impl Other {
    fn start(home: &Home, program: &Path) -> Self {
        let mut command = Command::new(program);
        command.args(["gateway", "run"]).stdin(Stdio::null());
        command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home.path());
        command.env("CLAWFLOW_HOME", home.path().join("home"));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_until("the gateway", || home.run(&["gateway", "status"]).code == 0);
        Self(child)
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_shim_outlives_its_program_and_is_told_of() {
    let mut home = Home::new();
    let program = home.path().join("clawflow-before");
    std::fs::copy(env!("CARGO_BIN_EXE_clawflow"), &program).unwrap();
    let before = Other::start(&home, &program);
    let id = home.ok(&["tasks", "run", "--json", "--", "sleep", "600"]).json();
    let id = id["taskId"].as_str().unwrap().to_owned();
    wait_until("it runs", || home.ok(&["tasks", "show", &id]).stdout.contains("running"));
    assert_eq!(codes(&audit(&home)), Vec::<&str>::new(), "the gateway is of the same program");
    drop(before);
    home.start_gateway();
    let found = audit(&home);
    assert_eq!(codes(&found), ["old_shim"], "{found}");
    assert_eq!(found["findings"][0]["id"], *id);
    home.ok(&["tasks", "cancel", &id]);
    assert_eq!(codes(&audit(&home)), Vec::<&str>::new());
}
