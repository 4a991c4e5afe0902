//! Jobs of somebody else under `tasks wrap`: they run as if nobody was there, and are recorded
//! although nobody was.

use crate::support::{Home, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};

fn tasks(home: &Home) -> Vec<Value> {
    let mut tasks = home.ok(&["tasks", "list", "--json"]).json()["tasks"].take();
    let tasks = tasks.as_array_mut().unwrap();
    tasks.reverse();
    std::mem::take(tasks)
}

fn spooled(home: &Home) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(home.path().join("home/spool")) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn send(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
}

#[test]
fn streams_and_codes_are_those_of_the_job() {
    let home = Home::new();
    let script = "cat; echo out; echo err >&2; exit 7";
    let mut job = home.command(&["tasks", "wrap", "--label", "backup", "--", "sh", "-c", script]);
    job.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut job = job.spawn().unwrap();
    job.stdin.take().unwrap().write_all(b"in\xff").unwrap();
    let out = job.wait_with_output().unwrap();
    assert_eq!(
        (out.status.code(), &*out.stdout, &*out.stderr),
        (Some(7), &b"in\xffout\n"[..], &b"err\n"[..])
    );
    assert_eq!(spooled(&home).len(), 1, "the end alone says all of it");
    let task = tasks(&home).pop().unwrap();
    let told =
        ["label", "kind", "runtime", "status", "error"].map(|name| task[name].as_str().unwrap());
    assert_eq!(told, ["backup", "wrap", "external", "failed", "exit code 7"]);
    assert_eq!(task["exit"]["code"], 7);
    assert_eq!(spooled(&home), [""; 0]);
}

#[test]
fn a_job_that_cannot_begin_says_so_as_a_shell_does() {
    let home = Home::new();
    let out = home.run(&["tasks", "wrap", "./none"]);
    assert_eq!((out.code, out.stdout.as_str()), (127, ""));
    assert!(out.stderr.starts_with("clawflow: cannot run ./none: No such file"), "{out:?}");
    home.write("plain", "no program");
    assert_eq!(home.run(&["tasks", "wrap", "./plain"]).code, 126);
    assert_eq!(home.run(&["tasks", "wrap"]).code, 2);
    assert_eq!(home.run(&["tasks", "wrap", "--nonsense", "--", "true"]).code, 2);
    let codes: Vec<_> = tasks(&home).iter().map(|task| task["exit"]["code"].clone()).collect();
    assert_eq!(codes, [127, 126]);
}

#[test]
fn signals_go_through_and_come_back() {
    let home = Home::new();
    let script = "trap 'echo told; exit 5' USR1; echo up; while :; do sleep 0.05; done";
    let mut job = home.command(&["tasks", "wrap", "--", "sh", "-c", script]);
    let mut job = job.stdout(Stdio::piped()).spawn().unwrap();
    let mut up = [0; 3];
    std::io::Read::read_exact(job.stdout.as_mut().unwrap(), &mut up).unwrap();
    send(job.id(), Signal::USR1);
    let out = job.wait_with_output().unwrap();
    assert_eq!((out.status.code(), &*out.stdout), (Some(5), &b"told\n"[..]));

    let mut job = home.command(&["tasks", "wrap", "--", "sleep", "60"]).spawn().unwrap();
    wait_until("the job", || !spooled(&home).iter().all(|name| name.ends_with(".2.json")));
    send(job.id(), Signal::TERM);
    assert_eq!(job.wait().unwrap().signal(), Some(15), "it dies of what the job died of");
    let task = tasks(&home).pop().unwrap();
    assert_eq!((task["status"].as_str(), &task["exit"]["signal"]), (Some("failed"), &15.into()));
}

#[test]
fn time_over_ends_the_job() {
    let home = Home::new();
    let out = home.run(&["tasks", "wrap", "--timeout", "100ms", "--", "sleep", "60"]);
    assert_eq!((out.code, out.stderr.as_str()), (124, ""));
    assert_eq!(tasks(&home).pop().unwrap()["status"], "timed_out");
}

#[test]
fn jobs_of_a_dead_gateway_come_in_with_their_times_once() {
    let mut home = Home::new();
    for label in ["backup", "rotate", "report"] {
        home.ok(&["tasks", "wrap", "--label", label, "--", "sleep", "0.05"]);
    }
    let torn = home.write("home/spool/task_00000000000000000000000000.2.json", "{\"version\":1,");
    home.start_gateway();
    wait_until("the reports", || spooled(&home).iter().all(|name| name.ends_with(".torn")));
    assert!(!torn.exists());
    let seen = tasks(&home);
    let labels: Vec<_> = seen.iter().map(|task| task["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["backup", "rotate", "report"]);
    for pair in seen.windows(2) {
        assert!(pair[0]["endedAt"].as_i64() <= pair[1]["startedAt"].as_i64(), "{pair:?}");
    }
    // The same again, as after a gateway that died between taking in and removing.
    let report = serde_json::json!({
        "version": 1, "home": home.path().join("home"),
        "report": {
            "taskId": seen[0]["taskId"], "task": "sleep 0.05", "owner": "agent:main:main",
            "status": "succeeded", "startedAt": seen[0]["startedAt"],
            "endedAt": seen[0]["endedAt"], "exit": { "code": 0 },
        },
    });
    home.write("home/spool/x.2.json", report.to_string());
    wait_until("it is taken in", || spooled(&home).len() == 1);
    assert_eq!(tasks(&home), seen);
    let said = home.run(&["doctor"]).stdout;
    assert!(said.contains("warn  reports: 1 report of a job could not be read"), "{said}");
}

#[test]
fn a_killed_wrapper_leaves_the_job_and_no_task_that_runs_for_ever() {
    let mut home = Home::new();
    home.start_gateway();
    let job = home.command(&["tasks", "wrap", "--", "sleep", "600"]).spawn();
    let mut job = job.unwrap();
    wait_until("the task", || tasks(&home).first().is_some_and(|task| task["status"] == "running"));
    let pid = tasks(&home)[0]["executor"]["pid"].as_u64().unwrap();
    send(job.id(), Signal::KILL);
    job.wait().unwrap();
    assert_eq!(tasks(&home)[0]["status"], "running", "the job goes on");
    send(u32::try_from(pid).unwrap(), Signal::KILL);
    let ended = |task: &Value| task["status"] == "failed" || task["status"] == "lost";
    wait_until("its end", || ended(&tasks(&home)[0]));
    let task = tasks(&home).remove(0);
    assert!(
        task["terminalSummary"].as_str().unwrap().starts_with("its process has gone"),
        "{task}"
    );
}

#[test]
fn a_job_runs_without_a_place_for_its_report() {
    let home = Home::new();
    // No directory can be there; the report goes beside the home, and comes in from there.
    home.write("home", "a file");
    let out = home.run(&["tasks", "wrap", "--label", "beside", "--", "echo", "ran"]);
    assert_eq!((out.code, out.stdout.as_str(), out.stderr.as_str()), (0, "ran\n", ""));
    std::fs::remove_file(home.path().join("home")).unwrap();
    assert_eq!(tasks(&home).pop().unwrap()["label"], "beside");
    // A configuration that cannot be read is no reason either.
    home.write("home/config.toml", "nonsense = [");
    let out = home.run(&["tasks", "wrap", "--", "echo", "ran"]);
    assert_eq!((out.code, out.stdout.as_str(), out.stderr.as_str()), (0, "ran\n", ""));
    std::fs::remove_file(home.path().join("home/config.toml")).unwrap();
    assert_eq!(tasks(&home).len(), 2);
    // Nowhere to report to at all: the job runs, and that is said after it.
    let mut nowhere = home.command(&["tasks", "wrap", "--", "echo", "ran"]);
    let out = nowhere.env_remove("CLAWFLOW_HOME").env_remove("HOME").output().unwrap();
    assert_eq!((out.status.code(), &*out.stdout), (Some(0), &b"ran\n"[..]));
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(
        said.starts_with("clawflow: the job has run, but its report could not be kept"),
        "{said}"
    );
}

#[test]
fn a_full_disk_is_no_concern_of_the_job() {
    let home = Home::new();
    std::fs::create_dir_all(home.path().join("disk")).unwrap();
    home.write(
        "in.sh",
        "mount -t tmpfs -o size=1m none disk || exit 99
         mkdir -m 700 disk/h && dd if=/dev/zero of=disk/fill bs=4096 2>/dev/null
         \"$1\" tasks wrap --label full -- echo ran; echo $?
         rm disk/fill; mount -o remount,size=40m disk
         mkdir disk/h/spool; mount -o remount,ro disk
         \"$1\" tasks wrap --label locked -- echo ran; echo $?
         mount -o remount,rw disk
         \"$1\" tasks list --json | grep -o '\"label\":\"[a-z]*\"'",
    );
    let template = home.command(&[]);
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "in.sh"]).arg(template.get_program()).current_dir(home.path());
    let out = command.env("CLAWFLOW_HOME", home.path().join("disk/h")).output().unwrap();
    let stderr = String::from_utf8_lossy(&out.stderr);
    if out.status.code() == Some(99) || stderr.contains("unshare failed") {
        eprintln!("skipped: no mount namespace here: {stderr}");
        return;
    }
    let said = String::from_utf8(out.stdout).unwrap();
    assert_eq!(said, "ran\n0\nran\n0\n\"label\":\"locked\"\n\"label\":\"full\"\n", "{stderr}");
}
