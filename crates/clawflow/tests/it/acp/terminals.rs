//! Commands that agents have clawflow run.

use super::agent::touch;
use super::{agent_notes, flow, served};
use crate::scenes_support::{Home, kill_9, stdout_of, task_of, until};
use clawflow_core::flow::FlowStatus;
use clawflow_core::step::StepStatus;
use clawflow_core::task::TaskStatus;
use clawflow_engine::shim::procfs::{self, ProcId};
use std::os::unix::fs::symlink;
use std::path::Path;

const ON: &str = ", terminals: true";

/// What the agent says that is told these lines.
fn said(home: &Home, key: &str, lines: &[&str], more: &str) -> String {
    let id = home.flow(key, &flow(lines, more, ""));
    stdout_of(&home.ends(&id, FlowStatus::Succeeded), "work")
}

/// A line that makes a terminal with this command.
fn create(command: &str) -> String {
    format!("create {}", serde_json::json!({ "command": command }))
}

/// Nothing of a turn runs, and nothing of its terminals is on disk.
fn until_nothing_is_left(home: &Home) {
    until("nothing to be left", || home.left().is_empty().then_some(()));
    until("no terminal to be on disk", || folders(home).is_empty().then_some(()));
}

/// The folders of terminals.
fn folders(home: &Home) -> Vec<String> {
    let mut found = Vec::new();
    for boot in std::fs::read_dir(home.home().join("runs")).into_iter().flatten().flatten() {
        for run in std::fs::read_dir(boot.path()).into_iter().flatten().flatten() {
            let terminals = run.path().join("terminals");
            for one in std::fs::read_dir(terminals).into_iter().flatten().flatten() {
                found.push(one.path().display().to_string());
            }
        }
    }
    found
}

#[test]
fn commands_are_run_where_it_is_said() {
    let home = served("[agents.other]\ncommand = [\"false\"]\nterminals = true\n");
    let lines = ["run echo $0 $A; pwd >&2; exit 3"];
    let off = said(&home, "off", &lines, "");
    assert_eq!(off.matches("is not supported").count(), 4, "{off}");
    let here = home.path().canonicalize().unwrap().display().to_string();
    let shell = std::env::var("SHELL").unwrap_or_default();
    let on = said(&home, "on", &lines, ON);
    assert!(on.starts_with("3|") && on.ends_with(&format!("\n{here}\n|")), "{shell}: {on}");
    let words = r#"create {"command": "printf", "args": ["%s-%s", "a b", "$HOME"]}"#;
    let env = r#"create {"command": "echo $A", "env": [{"name": "A", "value": "it's"}]}"#;
    std::fs::create_dir(home.path().join("sub")).unwrap();
    let below = r#"create {"command": "pwd", "cwd": "sub"}"#;
    let ends = ["terminal wait_for_exit", "terminal output", "terminal release"];
    let lines: Vec<&str> =
        [words, env, below].into_iter().flat_map(|line| [line].into_iter().chain(ends)).collect();
    let id = home.flow("args", &flow(&lines, ON, ""));
    let view = home.ends(&id, FlowStatus::Succeeded);
    let told = format!("0|a b-$HOME|0|it's\n|0|{here}/sub\n|");
    assert_eq!(stdout_of(&view, "work"), told);
    let notes = agent_notes(&home, &id);
    assert_eq!(notes["terminals"], 3, "{notes}");
    until_nothing_is_left(&home);
}

#[test]
fn an_agent_may_have_them_by_its_configuration() {
    let home = served("terminals = true\n");
    assert_eq!(said(&home, "k", &["run echo hi"], ""), "0|hi\n|");
    let words = ["tasks", "run", "--acp", "mine", "--wait", "--", "run echo two"];
    let out = home.cli(&words).out;
    assert!(out.contains("0|two"), "{out}");
}

#[test]
fn what_cannot_be_run_is_said_and_harms_nothing() {
    let home = served("");
    std::fs::write(home.path().join("plain"), "text").unwrap();
    symlink("/", home.path().join("away")).unwrap();
    let lines = [
        r#"create {"command": "no-such-program", "args": ["x"]}"#,
        r#"create {"command": "./plain", "args": ["x"]}"#,
        r#"create {"command": "pwd", "cwd": "/"}"#,
        r#"create {"command": "pwd", "cwd": "away"}"#,
        r#"create {"command": "pwd", "cwd": "nowhere"}"#,
        r#"create {"command": "a\u0000b"}"#,
        r#"create {"command": "rm", "args": ["-rf", "x"]}"#,
        r#"create {"command": "pwd", "sessionId": "other"}"#,
        "terminal output",
        "run no-such-program 2>&1",
    ];
    let rules = format!("{ON}, permissions: [\"reject execute rm *\", allow]");
    let all = said(&home, "k", &lines, &rules);
    let each: Vec<&str> = all.split('|').collect();
    for (at, wanted) in [
        "no-such-program",
        "./plain",
        "/ is not below ",
        "away is not below ",
        "nowhere: ",
        "contains a NUL byte",
        "a rule forbids it",
        "no such session",
        "no such terminal",
    ]
    .into_iter()
    .enumerate()
    {
        assert!(each[at].starts_with("not: ") && each[at].contains(wanted), "{at}: {each:#?}");
    }
    // A shell says itself what it does not know.
    assert_eq!(each[9], "127");
    assert!(each[10].contains("no-such-program"), "{each:#?}");
    let long = format!(r#"create {{"command": "echo", "args": ["{}"]}}"#, "x".repeat(200_000));
    let long = said(&home, "long", &[&long], ON);
    assert!(long.starts_with("not: failed to execute echo: Argument list too long"), "{long}");
    until_nothing_is_left(&home);
}

#[test]
fn of_an_output_the_end_is_told_as_often_as_it_is_asked_for() {
    let home = served("");
    let limited = r#"create {"command": "printf aéé; echo >> marks; until [ -e go ]; do sleep 0.01; done; echo é", "outputByteLimit": 5}"#;
    let mut lines = vec![limited.to_owned(), "until marks".to_owned()];
    let polls = ["terminal output", "terminal output", "mark polled", "until go"];
    lines.extend(polls.map(str::to_owned));
    lines.extend(["terminal wait_for_exit", "terminal output"].map(str::to_owned));
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let id = home.flow("k", &flow(&lines, ON, ""));
    home.wait_mark("polled");
    touch(home.path(), "go");
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "aéé|aéé|0|…éé\n|");
    let flood = r#"create {"command": "yes | head -c 5000000; printf END", "outputByteLimit": 7}"#;
    let lines = [flood, "terminal wait_for_exit", "terminal output"];
    assert_eq!(said(&home, "flood", &lines, ON), "0|…y\ny\nEND|");
    // What is no text is shown as text.
    let lines = ["run head -c 300 /dev/urandom | tr -d '\\n'; printf '\\377\\000END'"];
    let binary = said(&home, "binary", &lines, ON);
    assert!(binary.starts_with("0|") && binary.ends_with("\u{fffd}\0END|"), "{binary:?}");
}

#[test]
fn a_command_is_ended_when_its_agent_wants_it_or_its_turn_is_over() {
    let home = served("");
    let stubborn =
        create("trap '' TERM; sleep 1000 & echo $! > inner; echo $$$$ > outer; wait; wait");
    let lines = [&create("sleep 1000"), "terminal kill", "terminal wait_for_exit"];
    let mut lines = lines.to_vec();
    lines.extend(["terminal release", "terminal output", "terminal kill"]);
    let killed = said(&home, "kill", &lines, ON);
    assert_eq!(killed, "SIGTERM|not: no such terminal|not: no such terminal|");
    let lines = [&stubborn, "until outer", "terminal release", "terminal output"];
    assert_eq!(said(&home, "release", &lines, ON), "not: no such terminal|");
    until_nothing_is_left(&home);
    let many: Vec<String> = (0..20).map(|_| create("sleep 1000")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let refused = said(&home, "many", &many, ON);
    assert_eq!(refused, "not: there are 16 terminals: release one|".repeat(4));
    until_nothing_is_left(&home);
    for (key, last, status) in [
        ("end", "say done", StepStatus::Succeeded),
        ("exit", "exit 3", StepStatus::InDoubt),
        ("refusal", "end refusal", StepStatus::Failed),
    ] {
        let _ = std::fs::remove_file(home.path().join("outer"));
        let id = home.flow(key, &flow(&[&stubborn, "until outer", last], ON, ""));
        home.wait_step(&id, "work", status);
        until_nothing_is_left(&home);
    }
}

/// Starts a turn whose agent waits for a command that does not end by itself.
fn waiting(home: &Home, key: &str) -> String {
    let line = "trap '' TERM; echo $$$$ > pid; echo begun >> marks; until [ -e go ]; do sleep 0.01; \
                done; echo late; exit 4";
    let lines = [&create(line), "terminal wait_for_exit", "terminal output", "say end"];
    let id = home.flow(key, &flow(&lines, ON, ""));
    home.wait_mark("begun");
    id
}

#[test]
fn a_cancel_and_a_killed_agent_end_its_commands() {
    let mut home = served("");
    let id = waiting(&home, "cancel");
    home.cli(&["flows", "cancel", &id]);
    home.ends(&id, FlowStatus::Cancelled);
    until_nothing_is_left(&home);
    std::fs::remove_file(home.path().join("marks")).unwrap();
    let id = waiting(&home, "killed");
    let (_, agent) = home.processes(task_of(&home.view(&id), "work"));
    kill_9(agent);
    home.wait_step(&id, "work", StepStatus::InDoubt);
    until_nothing_is_left(&home);
    // And one that is killed while nobody watches.
    std::fs::remove_file(home.path().join("marks")).unwrap();
    let id = waiting(&home, "unwatched");
    let (shim, agent) = home.processes(task_of(&home.view(&id), "work"));
    home.kill_gateway();
    kill_9(agent);
    until("the shim to be gone", || (!procfs::is_alive(shim)).then_some(()));
    home.gateway();
    home.wait_step(&id, "work", StepStatus::InDoubt);
    until_nothing_is_left(&home);
}

#[test]
fn a_command_survives_its_gateway_and_is_told_of_once() {
    let mut home = served("");
    let id = waiting(&home, "k");
    for _ in 0..2 {
        home.restart();
    }
    touch(home.path(), "go");
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "4|late\n|end");
    assert_eq!(home.count("begun"), 1);
    for old in ["go", "marks", "pid"] {
        std::fs::remove_file(home.path().join(old)).unwrap();
    }
    // It ends while there is no gateway.
    let id = waiting(&home, "away");
    home.kill_gateway();
    let command = home.pid_in("pid");
    touch(home.path(), "go");
    until("it to end", || (!procfs::is_alive(command)).then_some(()));
    home.gateway();
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "4|late\n|end");
    assert_eq!(home.count("begun"), 1);
    until_nothing_is_left(&home);
}

/// The shim of a process.
fn parent(id: ProcId) -> ProcId {
    let all = procfs::all();
    let own = all.iter().find(|stat| stat.id == id).unwrap();
    all.iter().find(|stat| stat.id.pid == own.ppid).unwrap().id
}

#[test]
fn a_command_whose_shim_was_killed_is_lost_and_the_turn_goes_on() {
    let home = served("");
    let id = waiting(&home, "k");
    let command = home.pid_in("pid");
    kill_9(parent(command));
    until("it to be gone", || (!procfs::is_alive(command)).then_some(()));
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "not: its shim was killed||end");
    assert_eq!(task_of(&view, "work").status, TaskStatus::Succeeded);
    until_nothing_is_left(&home);
    assert!(Path::new(&home.path().join("pid")).exists());
}
