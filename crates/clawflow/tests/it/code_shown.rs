//! What people see of flows that code drives.

use crate::support::Home;

#[test]
fn a_flow_that_waits_says_for_what() {
    let home = Home::new();
    let flow = home.make("k");
    insta::assert_snapshot!(home.ok(&["flows", "show", "k"]).told(), @r"
    flow k (flow_[ID]) managed · running · revision 0 · owner agent:main:main
    goal: do it
    waiting for: its controller c/d, since [T]
    exit 0
    ");
    home.words(&["flows", "set-output", &flow, "report", "1"]);
    home.words(&["flows", "emit", &flow, "x"]);
    let record = ["flows", "run-task", &flow, "--record", "--runtime", "acp", "--task", "classify"];
    home.words(&[&record[..], &["--status", "running", "--progress", "3 of 10"]].concat());
    let wait = ["flows", "set-waiting", &flow, "--event", "reply", "--event-key", "7", "--tell"];
    let patch = ["--current-step", "ask", "--wait-json", r#"{"for":"a reply"}"#, "--state", "[1]"];
    let end = ["--deadline", "2999-01-01T00:00:00Z", "--on-deadline", "fail"];
    home.words(&[&wait[..], &patch[..], &end[..]].concat());
    insta::assert_snapshot!(home.ok(&["flows", "show", "k"]).told(), @r#"
    flow k (flow_[ID]) managed · waiting · revision 2 · owner agent:main:main
    goal: do it
    waiting for: event reply with key 7 (ask), since [T], until 2999-01-01 [TIME] (in [T]), then the flow fails; its controller is told
    waiting for: task task_[ID] (classify), since [T]
    step: ask
    wait: {"for":"a reply"}
    state: [1]
    outputs: report
      [ID] acp running [T] classify "3 of 10"
    messages: 1 session_queued
    exit 0
    "#);
    insta::assert_snapshot!(home.ok(&["flows", "list"]).told(), @r"
    0 active · 1 waiting · 0 blocked · 0 cancel-requested · 1 total
    FLOW KEY MODE STATUS REV STEP TASKS AGE GOAL
    [ID] k managed waiting 2 ask 1 active/1 [T] do it
    exit 0
    ");
}

#[test]
fn a_flow_that_is_blocked_says_by_what() {
    let home = Home::new();
    let flow = home.make("k");
    let blocked = ["flows", "set-waiting", &flow, "--blocked-summary", "no key"];
    home.words(&[&blocked[..], &["--deadline", "2999-01-01T00:00:00Z"]].concat());
    insta::assert_snapshot!(home.ok(&["flows", "show", "k"]).told(), @r"
    flow k (flow_[ID]) managed · blocked · revision 1 · owner agent:main:main
    goal: do it
    waiting for: its controller (the flow), since [T], until 2999-01-01 [TIME] (in [T]), then the flow goes on
    blocked by: no key
    exit 0
    ");
    insta::assert_snapshot!(home.ok(&["flows", "why", "k"]).told(), @r"
    k (flow_[ID]) is blocked: nothing drives it now: no gateway and no run
      nothing drives it now: no gateway and no run
      its controller has it blocked: no key, since [T]
      it waits for its controller; it goes on at its deadline, since [T], until 2999-01-01 [TIME] (in [T])
    it can move by itself at 2999-01-01 [TIME] (in [T])
    what would move it:
      clawflow gateway run
    exit 0
    ");
}

#[test]
fn fields_are_lines_whatever_is_in_them() {
    let home = Home::new();
    let flow = home.make("k");
    home.words(&["flows", "set-output", &flow, "text", "\"a\\nb\\u001b[2J\""]);
    let args = [
        "flows",
        "show",
        &flow,
        "--field",
        "outputs.text",
        "--field",
        "none.0",
        "--field",
        "outputs",
        "--field",
        "revision",
    ];
    let out = home.ok(&args);
    let json = r#"{"text":"a\nb\u001b[2J"}"#;
    assert_eq!(out.stdout, format!("a\\nb\\x1b[2J\n\n{json}\n1\n"));
}

#[test]
fn hostile_text_never_reaches_the_terminal() {
    let home = Home::new();
    let evil = "\u{1b}[2J\u{7}\u{202e}";
    let json = "\"\\u001b[2J\\u202e\"";
    let made = home.bound(&[
        "flows",
        "create",
        evil,
        "--controller",
        evil,
        "--status",
        "running",
        "--current-step",
        evil,
        "--state",
        json,
    ]);
    let flow = made.stdout.split(' ').next().unwrap_or_default().to_owned();
    let mut all = vec![made];
    let steps: &[&[&str]] = &[
        &["flows", "set-output", &flow, evil, json],
        &["flows", "emit", &flow, evil, "--event-key", evil],
        &[
            "flows", "run-task", &flow, "--record", "--task", evil, "--run-id", evil, "--label",
            evil,
        ],
        &["flows", "set-waiting", &flow, "--ask", evil, "--wait-json", json],
        &["flows", "show", &flow],
        &["flows", "why", &flow],
        &["flows", "list"],
        &["flows", "events", &flow],
        &["tasks", "list"],
        &["tasks", "deliveries"],
        &["inbox", "list"],
        &["flows", "answer", &flow, "--deny", "--by", evil],
        &["flows", "fail", &flow, "--error", evil],
        &["flows", "show", &flow],
        &["tokens", "create", evil, "--access", "read"],
        &["tokens", "list"],
    ];
    all.extend(steps.iter().map(|args| home.bound(args)));
    for out in all {
        for text in [&out.stdout, &out.stderr] {
            assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{out:?}");
        }
    }
}
