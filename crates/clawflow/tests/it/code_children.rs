//! Children of flows that code drives: launched, or recorded and reported about.

use crate::code_support::{refusal, standing};
use crate::support::Home;

#[test]
fn a_child_is_launched_where_its_caller_stands_and_wakes_its_flow() {
    let mut home = Home::new();
    home.start_gateway();
    let flow = home.make("k");
    let script = "pwd; echo \"$GIVEN\"; echo \"$USER\"";
    let run = [
        "flows",
        "run-task",
        &flow,
        "--await",
        "--run-id",
        "r1",
        "--label",
        "look",
        "--env",
        "GIVEN=x y",
        "--current-step",
        "look",
        "--",
        "sh",
        "-c",
        script,
    ];
    let words = home.words(&run);
    let (task, flow_words) = (words[0].clone(), &words[2..]);
    assert!(task.starts_with("task_"), "{words:?}");
    assert_eq!((flow_words[0].as_str(), standing(flow_words)), (flow.as_str(), ("waiting", "1")));
    assert_eq!(standing(&home.words(&["flows", "wait", &flow])), ("running", "2"));
    let said = home.ok(&["tasks", "logs", &task]).stdout;
    let here = home.path().canonicalize().unwrap();
    assert_eq!(said, format!("{}\nx y\ntester\n", here.display()));
    assert_eq!(home.field(&flow, "currentStep"), "look");
    assert_eq!(home.field(&flow, "waits.-1.answer.status"), "succeeded");
    let again = home.words(&run);
    assert_eq!((again[0].as_str(), again[1].as_str()), (task.as_str(), "succeeded"));
    assert_eq!(home.field(&flow, "status"), "running");
    assert_eq!(home.field(&flow, "taskSummary.total"), "1");
}

#[test]
fn without_a_gateway_one_is_started_for_a_child() {
    let home = Home::new();
    let flow = home.make("k");
    let off = home
        .command(&["flows", "run-task", &flow, "--", "true"])
        .env("CLAWFLOW_GATEWAY_AUTOSTART", "false")
        .output()
        .unwrap();
    assert_eq!(off.status.code(), Some(5));
    assert_eq!(home.field(&flow, "taskSummary.total"), "0");
    let out = home.bound(&["flows", "run-task", &flow, "--await", "--", "false"]);
    assert_eq!(out.code, 0, "{out:?}");
    assert!(out.stderr.contains("starting one in the background"), "{out:?}");
    home.words(&["flows", "wait", &flow]);
    let stopped = home.ok(&["gateway", "stop"]);
    assert_eq!(home.field(&flow, "tasks.0.status"), "failed", "{stopped:?}");
}

#[test]
fn a_recorded_child_is_what_its_caller_says() {
    let home = Home::new();
    let flow = home.make("k");
    let record = [
        "flows",
        "run-task",
        &flow,
        "--record",
        "--runtime",
        "acp",
        "--task",
        "classify",
        "--run-id",
        "r",
        "--child-session",
        "agent:sub",
        "--agent",
        "a1",
        "--status",
        "running",
        "--started-at",
        "2026-04-09T10:00:00Z",
        "--progress",
        "begun",
    ];
    let words = home.words(&record);
    let task = words[0].as_str();
    assert_eq!((words[1].as_str(), home.words(&record)[0].as_str()), ("running", task));
    let report =
        |args: &[&str]| home.words(&[&["tasks", "report", task], args].concat())[1].clone();
    assert_eq!(report(&["--progress", "3 of 10"]), "running");
    let usage = ["--usage-tokens", "5210", "--usage-cost", "0.12", "--usage-tool-calls", "4"];
    assert_eq!(report(&usage), "running");
    let shown = home.ok(&["tasks", "show", task, "--json"]).json();
    assert_eq!((&shown["progressSummary"], &shown["reported"]), (&"3 of 10".into(), &true.into()));
    assert_eq!(
        (&shown["usage"]["tokens"], &shown["startedAt"]),
        (&5210.into(), &1_775_728_800_000_i64.into())
    );
    assert_eq!(report(&["--status", "succeeded", "--summary", "all read"]), "succeeded");
    let late = home.bound(&["tasks", "report", task, "--status", "failed", "--json"]);
    assert_eq!(refusal(&late), (4, "terminal".to_owned()));
    let text = home.ok(&["tasks", "show", task]).stdout;
    for line in [
        "summary: all read",
        "used: 5210 tokens, 0.12 USD, 4 tool calls",
        "run: r",
        "session: agent:sub",
        "run by: its caller, who reports about it",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn nobody_reports_about_a_child_of_the_engine() {
    let mut home = Home::new();
    home.start_gateway();
    let flow = home.make("k");
    let task = home.words(&["flows", "run-task", &flow, "--", "sleep", "60"])[0].clone();
    let out = home.bound(&["tasks", "report", &task, "--status", "succeeded", "--json"]);
    assert_eq!(refusal(&out).0, 4, "{out:?}");
    let acp = ["flows", "run-task", &flow, "--runtime", "acp", "--json", "--", "true"];
    assert_eq!(refusal(&home.bound(&acp)), (2, "invalid".to_owned()));
    let cancelled = home.bound(&["flows", "cancel", &flow]);
    assert_eq!(cancelled.code, 0, "{cancelled:?}");
    assert_eq!(home.field(&flow, "tasks.0.status"), "cancelled");
    assert_eq!(home.field(&flow, "status"), "cancelled");
}
