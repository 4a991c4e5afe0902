//! The moves of a controller: what they leave, what they say, how they are refused.

use crate::code_support::{SESSION, refusal, standing};
use crate::support::Home;

#[test]
fn a_flow_lives_by_its_moves() {
    let home = Home::new();
    let made = home.words(&[
        "flows",
        "create",
        "triage",
        "--controller",
        "c/d",
        "--key",
        "k",
        "--status",
        "running",
        "--current-step",
        "classify",
        "--state",
        r#"{"n": null}"#,
        "--label",
        "a=b",
        "--origin",
        r#"{"channel":"slack","threadId":"7"}"#,
    ]);
    let flow = made[0].as_str();
    assert_eq!((made.len(), standing(&made)), (3, ("running", "0")));
    let moves: &[(&[&str], &str)] = &[
        (
            &["set-waiting", "--wait-json", r#"{"for":"reply"}"#, "--expected-revision", "0"],
            "waiting",
        ),
        (&["resume", "--expected-revision", "1", "--current-step", "send"], "running"),
        (&["set-output", "report", "\"text\""], "running"),
        (&["append-output", "sources", "1"], "running"),
        (&["append-output", "sources", "[2]"], "running"),
        (&["set-waiting", "--blocked-summary", "no key", "--clear-current-step"], "blocked"),
        (&["resume", "--queued", "--state", "null"], "queued"),
        (&["finish", "--state", r#"{"done":true}"#, "--expected-revision", "7"], "succeeded"),
    ];
    for (at, (args, status)) in moves.iter().enumerate() {
        let words = home.words(&[&["flows", args[0], flow], &args[1..]].concat());
        assert_eq!(standing(&words), (*status, (at + 1).to_string().as_str()), "{args:?}");
        assert_eq!(words[0], flow);
    }
    let view = home.ok(&["flows", "show", flow, "--json"]).json();
    let outputs = serde_json::json!({ "report": "text", "sources": [1, [2]] });
    assert_eq!(view["outputs"], outputs);
    assert_eq!(view["stateJson"], serde_json::json!({ "done": true }));
    assert_eq!(view["requesterOrigin"]["threadId"], "7");
    assert_eq!((&view["labels"]["a"], &view["ownerKey"]), (&"b".into(), &SESSION.into()));
    assert!(view.get("currentStep").is_none(), "{view}");
}

#[test]
fn with_json_a_move_answers_with_the_record() {
    let home = Home::new();
    let flow = home.make("k");
    let parked = home.bound(&["flows", "set-waiting", &flow, "--event", "e", "--json"]).json();
    assert_eq!((&parked["status"], &parked["revision"]), (&"waiting".into(), &1.into()));
    assert!(parked["waitId"].as_str().unwrap().starts_with("wait_"), "{parked}");
    let told = home.bound(&["flows", "emit", &flow, "hi", "--json"]).json();
    assert_eq!(told["delivery"], "session_queued");
    let failed = home.bound(&["flows", "fail", &flow, "--error", "why", "--json"]).json();
    assert_eq!((&failed["status"], &failed["error"]), (&"failed".into(), &"why".into()));
}

#[test]
fn a_move_on_another_revision_is_refused_with_the_flow_as_it_is() {
    let home = Home::new();
    let flow = home.make("k");
    for verb in ["set-waiting", "resume", "finish", "fail", "request-cancel"] {
        let out = home.bound(&["flows", verb, &flow, "--expected-revision", "7", "--json"]);
        assert_eq!(refusal(&out), (4, "revision_conflict".to_owned()), "{verb}");
        assert_eq!(out.json()["error"]["current"]["revision"], 0, "{verb}");
    }
    let out = home.bound(&["flows", "set-output", &flow, "n", "1", "--expected-revision", "7"]);
    assert_eq!((out.code, out.stdout.as_str()), (4, ""));
    assert!(out.stderr.contains("hint: the flow is running, at revision 0"), "{out:?}");
}

#[test]
fn what_the_record_does_not_allow_is_refused_with_its_code() {
    let home = Home::new();
    let flow = home.make("k");
    let refused = |args: &[&str], code: i32, word: &str| {
        let out = home.bound(&[args, &["--json"]].concat());
        assert_eq!(refusal(&out), (code, word.to_owned()), "{args:?}: {out:?}");
    };
    refused(&["flows", "resume", &flow], 4, "invalid_state");
    refused(&["flows", "answer", &flow, "--approve"], 4, "invalid_state");
    refused(&["flows", "set-output", &flow, " ", "1"], 2, "invalid");
    home.words(&["flows", "set-output", &flow, "text", "\"t\""]);
    refused(&["flows", "append-output", &flow, "text", "1"], 2, "invalid");
    refused(&["flows", "set-waiting", &flow, "--task", "task_none"], 2, "invalid");
    let again = ["flows", "create", "x", "--controller", "c", "--key", "k"];
    refused(&again, 4, "key_conflict");
    home.words(&["flows", "pause", &flow]);
    refused(&["flows", "run-task", &flow, "--record", "--task", "t"], 4, "paused");
    home.words(&["flows", "unpause", &flow]);
    home.words(&["flows", "run-task", &flow, "--record", "--task", "t", "--status", "running"]);
    assert_eq!(home.words(&["flows", "request-cancel", &flow])[2], "running");
    refused(&["flows", "finish", &flow], 4, "cancel_requested");
    refused(&["flows", "run-task", &flow, "--record", "--task", "t"], 4, "cancel_requested");
    home.words(&["flows", "cancel", &flow]);
    for args in [&["flows", "finish"][..], &["flows", "set-waiting"], &["flows", "request-cancel"]]
    {
        refused(&[args, &[flow.as_str()]].concat(), 4, "terminal");
    }
    refused(&["flows", "emit", &flow, "late"], 4, "terminal");
}

#[test]
fn flows_of_files_are_the_engines() {
    let home = Home::new();
    home.write("a.flow.yaml", "name: a\nsteps:\n  - id: s\n    approval: go?\n");
    let args = ["run", "a.flow.yaml", "--key", "f", "--owner", SESSION];
    let mut running = home.command(&args).spawn().unwrap();
    home.wait_for("f", "waiting");
    for verb in ["resume", "finish", "fail", "set-waiting"] {
        let out = home.bound(&["flows", verb, "f", "--json"]);
        assert_eq!(refusal(&out), (4, "engine_owned".to_owned()), "{verb}");
    }
    let out = home.bound(&["flows", "run-task", "f", "--record", "--task", "t", "--json"]);
    assert_eq!(refusal(&out), (4, "engine_owned".to_owned()));
    home.words(&["flows", "answer", "f", "--approve"]);
    assert!(running.wait().unwrap().success());
}

#[test]
fn one_owner_does_not_see_anothers_flow() {
    let home = Home::new();
    let flow = home.make("k");
    let id = flow.as_str();
    let commands: &[&[&str]] = &[
        &["flows", "finish", id],
        &["flows", "set-waiting", id],
        &["flows", "emit", id, "x"],
        &["flows", "set-output", id, "n", "1"],
        &["flows", "run-task", id, "--record", "--task", "t"],
        &["flows", "wait", id],
    ];
    for args in commands {
        let foreign = home.as_session("agent:other", args);
        let none: Vec<&str> = args
            .iter()
            .map(|arg| if *arg == id { "flow_00000000000000000000000000" } else { arg })
            .collect();
        let none = home.as_session("agent:other", &none);
        assert_eq!((foreign.code, none.code), (3, 3), "{args:?}: {foreign:?}");
        let blind =
            |text: &str| text.replace(id, "X").replace("flow_00000000000000000000000000", "X");
        assert_eq!(blind(&foreign.stderr), blind(&none.stderr), "{args:?}");
    }
    let flagged = home.as_session("agent:other", &["flows", "finish", id, "--session", SESSION]);
    assert_eq!(flagged.code, 0, "{flagged:?}");
}

#[test]
fn the_same_creation_twice_is_one_flow() {
    let home = Home::new();
    let once = ["flows", "create", "g", "--controller", "c", "--idempotency-key", "once"];
    let first = home.words(&once);
    assert_eq!(home.words(&once)[0], first[0]);
    let out = home.bound(&[&once[..], &["--current-step", "s", "--json"]].concat());
    assert_eq!(refusal(&out), (4, "key_conflict".to_owned()));
    let keyed = ["flows", "create", "g", "--controller", "c", "--key", "k", "--join"];
    assert_eq!(home.words(&keyed)[0], home.words(&keyed)[0]);
}

#[test]
fn a_wait_ends_with_the_flow_or_the_time() {
    let home = Home::new();
    let flow = home.make("k");
    assert_eq!(standing(&home.words(&["flows", "wait", &flow])), ("running", "0"));
    home.words(&["flows", "set-waiting", &flow]);
    let out = home.bound(&["flows", "wait", &flow, "--timeout", "1ms"]);
    assert_eq!(out.code, 6, "{out:?}");
    assert!(out.stdout.ends_with(" 1 waiting\n"), "{out:?}");
    let wait = ["flows", "wait", &flow, "--after-revision", "1"];
    let mut child = home.command(&wait).spawn().unwrap();
    home.words(&["flows", "resume", &flow]);
    assert!(child.wait().unwrap().success());
    home.words(&["flows", "fail", &flow]);
    assert_eq!(home.bound(&["flows", "wait", &flow, "--ended"]).code, 1);
}
