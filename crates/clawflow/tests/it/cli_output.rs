//! What people and programs see.

use crate::support::Home;
use std::io::Read;
use std::process::Stdio;

fn ended() -> Home {
    let home = Home::new();
    home.ok(&["run", "gated.flow.yaml", "--key", "weekly", "--yes"]);
    home
}

#[test]
fn without_arguments_a_newcomer_is_told_what_to_do() {
    insta::assert_snapshot!(Home::new().run(&[]).told(), @r"
    clawflow runs the long jobs of AI agents so that nothing gets lost

      clawflow run FILE start a flow from a workflow file and follow it
      clawflow flows list what is active, what waits, and for what
      clawflow flows show FLOW one flow: its steps, its waits, its outputs

    more: clawflow --help, clawflow COMMAND --help, clawflow doctor
    exit 0
    ");
}

#[test]
fn a_flow_that_ended_is_listed_and_shown() {
    let home = ended();
    insta::assert_snapshot!(home.run(&["flows", "list"]).told(), @r"
    0 active · 0 waiting · 0 blocked · 0 cancel-requested · 1 total
    FLOW KEY MODE STATUS REV STEP TASKS AGE GOAL
    [ID] weekly managed succeeded 2 - 0 active/2 [T] gated
    exit 0
    ");
    insta::assert_snapshot!(home.run(&["flows", "show", "weekly"]).told(), @r"
    flow weekly (flow_[ID]) managed · succeeded · revision 2 · owner agent:main:main
    goal: gated
    ended: [T] ago, after [T]
      1 gather succeeded [T] [ID]
      2 ask succeeded [T]
      3 deliver succeeded [T] [ID]
    messages: 1 session_queued
    exit 0
    ");
    insta::assert_snapshot!(home.run(&["flows", "why", "weekly"]).told(), @r"
    weekly (flow_[ID]) is succeeded: it ended as succeeded
      it ended as succeeded, since [T]
    exit 0
    ");
    insta::assert_snapshot!(home.run(&["flows", "show", "weekly", "--output", "no"]).told(), @r"
    error: weekly (flow_[ID]) has no output no
    hint: it has no outputs yet
    exit 3
    ");
    insta::assert_snapshot!(home.run(&["tasks"]).told(), @r"
    TASK FLOW STEP RUNTIME STATUS TOOK AGE WHAT
    [ID] [ID] deliver cli succeeded [T] [T] echo delivered
    [ID] [ID] gather cli succeeded [T] [T] echo collected; echo warned >&2
    exit 0
    ");
}

#[test]
fn json_is_the_record() {
    let home = ended();
    let view = home.ok(&["flows", "show", "weekly", "--json"]).json();
    assert_eq!(view["status"], "succeeded");
    for part in ["steps", "waits", "tasks"] {
        assert!(view[part].is_array(), "{part}");
    }
    assert_eq!(view["taskSummary"]["total"], 2);
    let lines = home.ok(&["flows", "events", "weekly", "--json", "--limit", "2"]);
    assert_eq!(lines.stdout.lines().count(), 2);
    assert!(lines.stderr.contains("--after"), "{lines:?}");
    for line in lines.stdout.lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(event["seq"].is_u64());
    }
}

#[test]
fn pages_follow_each_other() {
    let home = Home::new();
    home.write("a.flow.yaml", "name: a\nsteps:\n  - id: s\n    run: 'true'\n");
    (0..3).for_each(|_| drop(home.ok(&["run", "a.flow.yaml"])));
    let first = home.ok(&["flows", "list", "--json", "--limit", "2"]).json();
    let next = first["next"].as_str().unwrap();
    let second = home.ok(&["flows", "list", "--json", "--limit", "2", "--after", next]).json();
    assert_eq!(second["flows"].as_array().unwrap().len(), 1);
    assert!(second.get("next").is_none());
}

#[test]
fn hostile_text_never_reaches_the_terminal() {
    let home = Home::new();
    let file = "name: \"\\e[2Jname\\u202e\"\ndescription: \"g\\e]0;x\\a\"\nsteps:\n  \
                - id: s\n    run: printf '\\033[31mred\\n' >&2; exit 3\n";
    home.write("a.flow.yaml", file);
    let out = home.run(&["run", "a.flow.yaml", "--key", "k\u{1b}[2J\u{7}"]);
    let list = home.run(&["flows", "list"]);
    let id = home.ok(&["flows", "list", "--json"]).json()["flows"][0]["flowId"].clone();
    let id = id.as_str().unwrap_or_default().to_owned();
    let mut all = vec![out, list];
    for verb in ["show", "why", "events"] {
        all.push(home.run(&["flows", verb, &id]));
    }
    all.push(home.run(&["flows", "retry", &id]));
    all.push(home.run(&["flows", "cancel", &id, "--reason", "\u{1b}c"]));
    all.push(home.run(&["tasks", "list"]));
    for out in all {
        for text in [&out.stdout, &out.stderr] {
            assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{out:?}");
        }
    }
}

#[test]
fn colour_is_only_where_it_is_wanted() {
    let home = ended();
    assert!(!home.ok(&["flows", "list"]).stdout.contains('\u{1b}'));
    assert!(home.ok(&["flows", "list", "--color", "always"]).stdout.contains("\u{1b}[32m"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = ended();
    let mut child = home
        .command(&["completion", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn lint_shows_errors_where_they_are() {
    let home = Home::new();
    home.write("bad.flow.yaml", "name: a\nsteps:\n  - id: s\n    rnu: x\n");
    insta::assert_snapshot!(home.run(&["flows", "lint", "bad.flow.yaml"]).told(), @r"
    bad.flow.yaml:3:9: step `s` does nothing
      3 | - id: s
      | ^
    hint: give it `run`, `argv`, `sleep`, `approval`, `stdin` or `needs`
    bad.flow.yaml:4:5: unknown key `rnu` in step `s`
      4 | rnu: x
      | ^^^
    hint: did you mean `run`?
    2 errors, 0 warnings
    exit 2
    ");
    let json = home.run(&["flows", "lint", "bad.flow.yaml", "gated.flow.yaml", "--json"]);
    assert_eq!((json.code, &json.json()["ok"]), (2, &false.into()));
}

#[test]
fn a_task_of_its_own_runs_in_the_foreground() {
    let home = Home::new();
    let out =
        home.run(&["tasks", "run", "--wait", "--label", "l", "--", "sh", "-c", "echo hi; exit 3"]);
    assert_eq!((out.code, out.stdout.as_str()), (1, "hi\n"), "{out:?}");
    home.ok(&["tasks", "run", "--wait", "--", "true"]);
    let out = home
        .command(&["tasks", "run", "--", "true"])
        .env("CLAWFLOW_GATEWAY_AUTOSTART", "false")
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(5));
}

#[test]
fn doctor_finds_nothing_in_a_good_home() {
    let home = ended();
    let out = home.run(&["doctor", "--json"]);
    assert_eq!((out.code, &out.json()["ok"]), (0, &true.into()), "{out:?}");
    let out = home.command(&["doctor"]).env("CLAWFLOW_CANCEL_GRACE", "soon").output().unwrap();
    assert_eq!(out.status.code(), Some(1));
}

#[test]
fn the_schema_of_the_format_is_the_file_for_editors() {
    let home = Home::new();
    let flow = include_str!("../../../../sdk/flow.schema.json");
    assert!(home.ok(&["flows", "schema"]).stdout == flow);
    let lobster = include_str!("../../../../sdk/lobster.schema.json");
    assert!(home.ok(&["flows", "schema", "--dialect", "lobster"]).stdout == lobster);
    assert_eq!(home.run(&["flows", "schema", "--dialect", "other"]).code, 2);
    assert!(!home.path().join("home").exists());
}
