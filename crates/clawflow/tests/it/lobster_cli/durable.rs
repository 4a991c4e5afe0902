//! Runs that are killed, and go on without doing anything twice.

use super::{file, json, message, token, tool};
use crate::scenes_support::{END, Home, START, until};
use rustix::fs::OFlags;
use serde_json::Value;
use std::io::{PipeReader, PipeWriter, Write as _};

/// A step, a gate, and two more steps, of which the first waits for the file `go`.
fn gated() -> String {
    format!(
        "steps:
  - {{ id: one, run: '{START}; echo first; {END}' }}
  - {{ id: ask, approval: 'Go on?', stdin: $one.stdout }}
  - {{ id: two, run: '{START}; until [ -e go ]; do sleep 0.05; done; echo real; {END}' }}
  - {{ id: three, run: '{START}; cat; {END}', stdin: $two.stdout }}
"
    )
}

const ALL: [&str; 6] =
    ["start one 1", "end one 1", "start two 1", "end two 1", "start three 1", "end three 1"];

fn go(home: &Home) {
    std::fs::write(home.path().join("go"), "").unwrap();
}

fn marks(home: &Home) -> Vec<String> {
    home.marks().lines().map(str::to_owned).collect()
}

/// The flow of a home that has one.
fn only_flow(home: &Home) -> String {
    let listed = home.cli(&["flows", "list", "--json"]);
    let listed: Value = serde_json::from_str(&listed.out).unwrap();
    listed["flows"][0]["flowId"].as_str().unwrap().to_owned()
}

#[test]
fn lobster_run_killed_before_its_gate_goes_on() {
    let home = Home::new();
    let text = gated().replace("  - { id: ask, approval: 'Go on?', stdin: $one.stdout }\n", "");
    let path = file(&home, "run.lobster", &text);
    let mut run = home.terminal(&["lobster", "run", "--mode", "tool", &path]);
    home.wait_mark("start two 1");
    run.kill();
    go(&home);
    let flow = only_flow(&home);
    let said = home.cli(&["run", "--continue", &flow]);
    assert_eq!((said.out.as_str(), said.code), ("real\n", Some(0)), "{said:?}");
    assert_eq!(marks(&home), ALL);
}

#[test]
fn lobster_resume_that_was_killed_goes_on_with_the_same_token() {
    let home = Home::new();
    let path = file(&home, "run.lobster", &gated());
    let (said, _) = tool(&home, &["run", "--mode", "tool", &path]);
    let token = token(&said);
    let resume = ["lobster", "resume", "--token", &token, "--approve", "yes"];
    let mut first = home.terminal(&resume);
    home.wait_mark("start two 1");
    first.kill();
    go(&home);
    let no = tool(&home, &["resume", "--token", &token, "--approve", "no"]);
    assert_eq!(message(&no.0), "Workflow resume state not found");
    let (done, code) = tool(&home, &resume[1..]);
    assert_eq!((&done["output"], code), (&serde_json::json!(["real\n"]), 0));
    assert_eq!(marks(&home), ALL);
    let (again, code) = tool(&home, &resume[1..]);
    assert_eq!((message(&again), code), ("Workflow resume state not found", 1));
}

#[test]
fn lobster_resume_that_was_killed_under_a_gateway_is_followed_on() {
    let mut home = Home::new();
    home.gateway();
    let path = file(&home, "run.lobster", &gated());
    let (said, _) = tool(&home, &["run", "--mode", "tool", &path]);
    let token = token(&said);
    let resume = ["lobster", "resume", "--token", &token, "--approve", "yes"];
    let mut first = home.terminal(&resume);
    home.wait_mark("start two 1");
    first.kill();
    let flow = only_flow(&home);
    let no = home.cli(&["lobster", "resume", "--token", &token, "--approve", "no"]);
    assert_eq!(message(&json(&no)), "Workflow resume state not found");
    let hint = format!("the run goes on: clawflow run --continue {flow}\n");
    assert!(no.err.starts_with("hint: the gate was answered by ") && no.err.ends_with(&hint));
    go(&home);
    let (done, code) = tool(&home, &resume[1..]);
    assert_eq!((&done["output"], code), (&serde_json::json!(["real\n"]), 0));
    let again = home.cli(&resume);
    assert_eq!(message(&json(&again)), "Workflow resume state not found");
    let hint = format!("the run has ended (succeeded): clawflow flows show {flow}\n");
    assert!(again.err.ends_with(&hint), "{again:?}");
    assert_eq!(marks(&home), ALL);
    home.stop_gateway();
}

#[test]
fn lobster_outcome_that_nobody_was_told_is_told_to_the_next_one() {
    let mut home = Home::new();
    home.gateway();
    let more = "  - { id: last, approval: 'Really?' }\n";
    let path = file(&home, "run.lobster", &(gated() + more));
    let (said, _) = tool(&home, &["run", "--mode", "tool", &path]);
    let id = said["requiresApproval"]["approvalId"].as_str().unwrap().to_owned();
    let resume = ["lobster", "resume", "--id", &id, "--approve", "yes"];
    let mut first = home.terminal(&resume);
    home.wait_mark("start two 1");
    first.kill();
    go(&home);
    home.wait_mark("end three 1");
    let flow = only_flow(&home);
    until("the second gate", || {
        let shown: Value =
            serde_json::from_str(&home.cli(&["flows", "show", &flow, "--json"]).out).unwrap();
        (shown["status"] == "waiting").then_some(())
    });
    // The flow has come to its next gate: that is what the killed one would have told.
    let (second, code) = tool(&home, &resume[1..]);
    assert_eq!((&second["requiresApproval"]["prompt"], code), (&"Really?".into(), 0));
    let id = second["requiresApproval"]["approvalId"].as_str().unwrap().to_owned();
    let (done, _) = tool(&home, &["resume", "--id", &id, "--approve", "yes"]);
    assert_eq!(done["status"], "ok", "{done}");
    assert_eq!(marks(&home), ALL);
    home.stop_gateway();
}

/// The writing end of a pipe that takes nothing more, and the other one.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    rustix::fs::fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
    while writer.write(&[b' '; 4096]).is_ok() {}
    while writer.write(b" ").is_ok() {}
    rustix::fs::fcntl_setfl(&writer, OFlags::empty()).unwrap();
    (reader, writer)
}

#[test]
fn lobster_denial_that_nobody_was_told_is_told_to_the_next_one() {
    let home = Home::new();
    let path = file(&home, "run.lobster", &gated());
    let (said, _) = tool(&home, &["run", "--mode", "tool", &path]);
    let id = said["requiresApproval"]["approvalId"].as_str().unwrap().to_owned();
    let resume = ["lobster", "resume", "--id", &id, "--approve", "no"];
    let (_reader, writer) = full_pipe();
    let mut first = home.command(&resume).stdout(writer).spawn().unwrap();
    let flow = only_flow(&home);
    until("the end of the run", || {
        let shown = home.cli(&["flows", "show", &flow, "--json"]);
        let shown: Value = serde_json::from_str(&shown.out).ok()?;
        (shown["status"] == "cancelled").then_some(())
    });
    first.kill().unwrap();
    first.wait().unwrap();
    let yes = tool(&home, &["resume", "--id", &id, "--approve", "yes"]);
    assert_eq!(message(&yes.0), "Workflow resume state not found");
    let (said, code) = tool(&home, &resume[1..]);
    assert_eq!((&said["status"], code), (&"cancelled".into(), 0), "{said}");
    let (again, code) = tool(&home, &resume[1..]);
    let gone = format!("Approval ID \"{id}\" not found or expired");
    assert_eq!((message(&again), code), (gone.as_str(), 2));
    assert_eq!(marks(&home), ALL[..2]);
}

#[test]
fn lobster_gate_outlives_the_gateway() {
    let mut home = Home::new();
    home.gateway();
    let path = file(&home, "run.lobster", &gated());
    let (said, _) = tool(&home, &["run", "--mode", "tool", &path]);
    let token = token(&said);
    home.restart();
    let resume = ["lobster", "resume", "--token", &token, "--approve", "yes"];
    let waiting = home.terminal(&resume);
    home.wait_mark("start two 1");
    // Whoever followed takes the home, and drives on.
    home.kill_gateway();
    go(&home);
    let done = waiting.end();
    assert_eq!(json(&done)["output"], serde_json::json!(["real\n"]));
    assert_eq!(marks(&home), ALL);
}

#[test]
fn lobster_token_is_used_once() {
    for with_gateway in [false, true] {
        let mut home = Home::new();
        if with_gateway {
            home.gateway();
        }
        let path = file(&home, "run.lobster", &gated());
        let (said, _) = tool(&home, &["run", "--mode", "tool", &path]);
        let token = token(&said);
        let resume = ["lobster", "resume", "--token", &token, "--approve", "yes"];
        let both = [home.terminal(&resume), home.terminal(&resume)];
        home.wait_mark("start two 1");
        // The other one is told while this one works.
        until("a resume to be refused", || {
            let refused = std::fs::read_dir(home.path()).unwrap().any(|entry| {
                let text = std::fs::read_to_string(entry.unwrap().path()).unwrap_or_default();
                text.contains("Workflow resume state not found")
            });
            refused.then_some(())
        });
        go(&home);
        let ends = both.map(|terminal| json(&terminal.end())["ok"].as_bool().unwrap());
        assert!(ends[0] != ends[1], "{ends:?}");
        assert_eq!(marks(&home), ALL);
        if with_gateway {
            home.stop_gateway();
        }
    }
}

#[test]
fn lobster_file_that_is_edited_changes_nothing_for_a_run() {
    let home = Home::new();
    go(&home);
    let path = file(&home, "run.yaml", &gated());
    let (said, _) = tool(&home, &["run", "--mode", "tool", &path]);
    file(&home, "run.yaml", "steps: [{ id: other, run: echo other >> marks }]");
    let resume = ["lobster", "resume", "--token", &token(&said), "--approve", "yes"];
    let done = home.cli(&resume);
    let expected =
        format!("warning: {path} is not what this run began with: it goes on with what that was\n");
    assert_eq!(done.err, expected);
    assert_eq!(json(&done)["output"], serde_json::json!(["real\n"]));
    assert_eq!(marks(&home), ALL);
}

#[test]
fn lobster_signal_ends_a_run() {
    let home = Home::new();
    let path = file(&home, "run.lobster", &gated());
    let (said, _) = tool(&home, &["run", "--mode", "tool", &path]);
    let token = token(&said);
    let resume = ["lobster", "resume", "--token", &token, "--approve", "yes"];
    let interrupted = home.terminal(&resume);
    home.wait_mark("start two 1");
    interrupted.interrupt();
    let said = interrupted.end();
    assert_eq!((message(&json(&said)), said.code), ("Received SIGINT", Some(130)));
    go(&home);
    let (again, code) = tool(&home, &resume[1..]);
    assert_eq!((message(&again), code), ("Workflow resume state not found", 1));
    assert_eq!(marks(&home), ALL[..3]);
    assert_eq!(home.left(), Vec::<u32>::new());
}

#[test]
fn lobster_pipeline_that_was_killed_after_its_gate_goes_on() {
    let home = Home::new();
    let wait = "exec --shell 'echo begun >> marks; until [ -e go ]; do sleep 0.05; done; echo a'";
    let text = format!("exec --shell 'echo once >> marks; echo $HOME.x' | approve | {wait}");
    let (said, _) = tool(&home, &["run", "--mode", "tool", &text]);
    let expected = format!("{}.x", home.path().display());
    assert_eq!(said["requiresApproval"]["items"], serde_json::json!([expected]));
    let token = token(&said);
    let resume = ["lobster", "resume", "--token", &token, "--approve", "yes"];
    let mut first = home.terminal(&resume);
    home.wait_mark("begun");
    first.kill();
    go(&home);
    let (done, code) = tool(&home, &resume[1..]);
    assert_eq!((&done["output"], code), (&serde_json::json!(["a"]), 0));
    assert_eq!(marks(&home), ["once", "begun"]);
}
