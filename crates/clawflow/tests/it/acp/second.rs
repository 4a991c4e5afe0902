//! Agents that speak version 2 of the protocol.

use super::agent::touch;
use super::asks::{asks, ended};
use super::{agent_notes, error_of, flow, heard, served};
use crate::scenes_support::{Home, kill_9, stdout_of, step_of, task_of, until};
use clawflow_core::flow::FlowStatus;
use clawflow_core::step::StepStatus;
use clawflow_core::task::TaskStatus;
use clawflow_core::wait::WaitKind;

const OFFERS: &str = "protocol = \"acp-2\"\n";
const SPEAKS: &str = ", env: { VERSION: '2' }";

fn offered() -> Home {
    served(OFFERS)
}

#[test]
fn a_turn_of_version_two_is_a_turn() {
    let home = offered();
    let lines = ["say {\"n\":", "say 3}"];
    let id = home.flow("k", &flow(&lines, ", mode: plan, schema: { type: object }", SPEAKS));
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "{\"n\":3}");
    assert_eq!(task_of(&view, "work").usage.as_ref().unwrap().tokens, Some(7));
    let said = ["initialize", "offered 2", "session/new", "option \"plan\"", "prompt say {\"n\":"];
    assert_eq!(heard(&home), said);
    assert_eq!(agent_notes(&home, &id)["stopReason"], "end_turn");

    let id = home.flow("short", &flow(&["end refusal"], "", SPEAKS));
    assert_eq!(error_of(&home.ends(&id, FlowStatus::Failed)).0, "refusal");
    // It has no files of ours.
    let id = home.flow("files", &flow(&["read a.txt"], ", file_access: read", SPEAKS));
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert!(stdout_of(&view, "work").contains("not supported"), "{view:?}");
    until("nothing to be left", || home.left().is_empty().then_some(()));
}

#[test]
fn what_is_offered_is_spoken_only_if_the_agent_speaks_it() {
    let home = offered();
    for (name, version) in [("one", "1"), ("echo", "echo")] {
        let id =
            home.flow(name, &flow(&["say hi"], "", &format!(", env: {{ VERSION: '{version}' }}")));
        assert_eq!(stdout_of(&home.ends(&id, FlowStatus::Succeeded), "work"), "hi", "{name}");
    }
    let id = home.flow("three", &flow(&["say hi"], "", ", env: { VERSION: '3' }"));
    assert_eq!(error_of(&home.ends(&id, FlowStatus::Failed)).0, "protocol");
}

#[test]
fn a_turn_of_version_two_goes_on_while_its_gateway_is_killed() {
    let mut home = offered();
    let lines = ["say one. ", "mark begun", "until go", "say two."];
    let id = home.flow("k", &flow(&lines, "", SPEAKS));
    home.wait_mark("begun");
    home.restart();
    home.kill_gateway();
    touch(home.path(), "go");
    home.gateway();
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "work"), "one. two.");
    assert_eq!(step_of(&view, "work").attempt, 1);
    assert_eq!(heard(&home).len(), 4, "{:?}", heard(&home));
}

#[test]
fn one_that_was_killed_goes_on_as_a_step_and_as_a_task() {
    let home = offered();
    let lines = ["mark begun", "until go", "until go", "say done"];
    let id = home.flow("k", &flow(&lines, "", SPEAKS));
    home.wait_mark("begun");
    let (_, agent) = home.processes(task_of(&home.view(&id), "work"));
    kill_9(agent);
    touch(home.path(), "go");
    let view = home.ends(&id, FlowStatus::Succeeded);
    assert_eq!((step_of(&view, "work").attempt, home.count("begun")), (2, 1));
    assert_eq!(heard(&home)[4..7], ["initialize", "offered 2", "session/resume"]);

    std::fs::remove_file(home.path().join("go")).unwrap();
    let prompt = "mark second\nuntil go\nuntil go\nsay done";
    let said = home.cli(&["tasks", "run", "--acp", "mine", "--env", "VERSION=2", "--", prompt]);
    let id = said.out.trim();
    home.wait_mark("second");
    let (_, agent) = home.processes(&super::asks::task(&home, id));
    kill_9(agent);
    touch(home.path(), "go");
    let over = ended(&home, id);
    assert_eq!((over.status, over.attempt), (TaskStatus::Succeeded, 2), "{over:?}");
    assert_eq!((over.answer.as_deref(), home.count("second")), (Some("done"), 1));
}

#[test]
fn a_person_is_asked_in_its_words_also_after_the_gateway_was_killed() {
    let mut home = offered();
    let prompt = "ask execute touch owned\nask edit b.txt\nsay fine";
    let run = ["tasks", "run", "--acp", "mine", "--env", "VERSION=2"];
    let said = home.cli(&[&run[..], &["--", prompt]].concat());
    let id = said.out.trim().to_owned();
    let wait = asks(&home, &id);
    assert_eq!(wait.prompt.as_deref(), Some("mine asks (execute): May I execute?"));
    assert_eq!(wait.preview.as_deref(), Some("touch owned\nin /"));
    home.restart();
    let flow = wait.flow_id.as_str();
    assert_eq!(home.cli(&["flows", "approve", flow]).code, Some(0));
    let second = until("another question", || {
        Some(asks(&home, &id)).filter(|other| other.wait_id != wait.wait_id)
    });
    assert_eq!(second.kind, WaitKind::Permission);
    let no = ["flows", "deny", flow, "--wait-id", second.wait_id.as_str()];
    assert_eq!(home.cli(&no).code, Some(0));
    let over = ended(&home, &id);
    assert_eq!(over.answer.as_deref(), Some("allowed touch owned. refused b.txt. fine"));
    assert!(home.path().join("owned").exists());
}

#[test]
fn a_cancel_reaches_one_of_version_two() {
    let home = offered();
    let id = home.flow("k", &flow(&["hang"], "", SPEAKS));
    home.wait_mark("hangs");
    assert_eq!(home.cli(&["flows", "cancel", &id]).code, Some(0));
    let view = home.ends(&id, FlowStatus::Cancelled);
    assert_eq!(task_of(&view, "work").status, TaskStatus::Cancelled);
    assert_eq!(agent_notes(&home, &id)["stopReason"], "cancelled");
    // One that is gone meanwhile leaves the work in doubt, if it cannot go on.
    let id = home.flow("gone", &flow(&["exit 3", "exit 3", "exit 3"], "", SPEAKS));
    home.wait_step(&id, "work", StepStatus::InDoubt);
}
