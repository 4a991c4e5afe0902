//! What the agents of tasks ask that no workflow file has.

use super::{heard, home_with, served};
use crate::scenes_support::{Home, until};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_core::wait::{Wait, WaitKind, WaitState};
use clawflow_engine::api::{TaskRef, TaskShow};

pub(super) fn task(home: &Home, id: &str) -> Task {
    home.call::<TaskShow>(&TaskRef { task: id.to_owned() }).unwrap()
}

#[track_caller]
pub(super) fn ended(home: &Home, id: &str) -> Task {
    until("the end of a task", || Some(task(home, id)).filter(|task| task.status.is_terminal()))
}

/// What was asked in the flow of a task.
pub(super) fn asked(home: &Home, id: &str) -> Vec<Wait> {
    let flow = task(home, id).parent_flow_id.unwrap();
    let mut waits = home.view(flow.as_str()).waits;
    waits.retain(|wait| wait.kind == WaitKind::Permission);
    waits
}

#[track_caller]
pub(super) fn asks(home: &Home, id: &str) -> Wait {
    let open = |wait: &Wait| wait.state == WaitState::Open;
    until("a question", || asked(home, id).into_iter().find(open))
}

fn run(home: &Home, prompt: &str) -> String {
    let said = home.cli(&["tasks", "run", "--acp", "mine", "--env", "CAN=load", "--", prompt]);
    assert_eq!(said.code, Some(0), "{said:?}");
    said.out.trim().to_owned()
}

#[test]
fn a_person_answers_what_the_agent_of_a_task_asks() {
    let mut home = served("");
    let id = run(&home, "ask edit a.txt\nask edit b.txt\nsay fine");
    let wait = asks(&home, &id);
    assert_eq!(wait.prompt.as_deref(), Some("mine asks (edit): a.txt"));
    let approve = format!("clawflow flows approve {} --wait-id {}", wait.flow_id, wait.wait_id);
    for why in [["tasks", "why", id.as_str()], ["flows", "why", wait.flow_id.as_str()]] {
        let why = home.cli(&why).out;
        assert!(why.contains("mine asks (edit): a.txt") && why.contains(&approve), "{why}");
    }
    let shown = home.cli(&["flows", "show", wait.flow_id.as_str()]).out;
    assert_eq!(shown.matches("a permission for its task").count(), 1, "{shown}");
    // Whoever watches it then, the question is asked once.
    home.restart();
    let flow = wait.flow_id.as_str();
    assert_eq!(home.cli(&["flows", "approve", flow, "--by", "ann"]).code, Some(0));
    let second = asks(&home, &id);
    home.kill_gateway();
    let no = ["flows", "deny", flow, "--wait-id", second.wait_id.as_str()];
    assert_eq!(home.cli(&no).code, Some(0));
    home.gateway();
    let over = ended(&home, &id);
    assert_eq!(over.answer.as_deref(), Some("allowed a.txt. refused b.txt. fine"));
    let states: Vec<_> = asked(&home, &id).iter().map(|wait| wait.state).collect();
    assert_eq!(states, [WaitState::Resolved, WaitState::Resolved]);
    assert!(over.child_session_key.as_ref().unwrap().ends_with(":acp:s1"), "{over:?}");
    assert_eq!(heard(&home).len(), 3);
}

#[test]
fn a_question_of_a_task_is_void_with_its_turn() {
    let home = served("");
    let id = run(&home, "ask edit a.txt\nsay fine");
    let wait = asks(&home, &id);
    assert_eq!(home.cli(&["tasks", "cancel", &id]).code, Some(0));
    assert_eq!(ended(&home, &id).status, TaskStatus::Cancelled);
    let states: Vec<_> = asked(&home, &id).iter().map(|wait| wait.state).collect();
    assert_eq!(states, [WaitState::Cancelled]);
    let flow = wait.flow_id.as_str();
    let late = home.cli(&["flows", "approve", flow, "--wait-id", wait.wait_id.as_str()]);
    assert_ne!(late.code, Some(0), "{late:?}");
    assert_eq!(home.count("allowed a.txt"), 0);
}

#[test]
fn a_task_cannot_answer_what_it_asks() {
    let home = served("");
    let clawflow = env!("CARGO_BIN_EXE_clawflow");
    let line = format!(
        "until [ -e go ]; do sleep 0.01; done; \
         {clawflow} flows approve $CLAWFLOW_FLOW_ID --by root 2>> said; touch tried"
    );
    std::fs::write(home.path().join("try.sh"), line).unwrap();
    let prompt = "ask execute sh -c 'sh try.sh &'\nask edit secret\nsay end";
    let rules = ["--permission", "ask edit", "--permission", "allow", "--", prompt];
    let said = home.cli(&[&["tasks", "run", "--acp", "mine"], &rules[..]].concat());
    let id = said.out.trim().to_owned();
    let wait = asks(&home, &id);
    super::agent::touch(home.path(), "go");
    until("it to try", || home.path().join("tried").exists().then_some(()));
    let said = std::fs::read_to_string(home.path().join("said")).unwrap();
    assert!(said.contains("what an attempt started may not answer"), "{said}");
    assert_eq!(asked(&home, &id)[0].state, WaitState::Open);
    assert_eq!(home.cli(&["flows", "deny", wait.flow_id.as_str()]).code, Some(0));
    assert!(ended(&home, &id).answer.unwrap().ends_with("refused secret. end"));
}

#[test]
fn who_waits_for_a_task_is_told_what_it_asks() {
    let home = home_with("");
    let args = ["tasks", "run", "--acp", "mine", "--wait", "--", "ask edit a.txt\nsay fine"];
    let waits = home.terminal(&args);
    let hint = until("the question", || {
        let err = waits.err();
        let hint = err.lines().find(|line| line.contains("clawflow flows approve"))?;
        assert!(err.contains("mine asks (edit): a.txt"), "{err}");
        hint.split("clawflow ").nth(1)?.strip_suffix("   (or deny)").map(str::to_owned)
    });
    // No gateway runs: who waits drives it, and serves others.
    let words: Vec<&str> = hint.split(' ').collect();
    assert_eq!(home.cli(&words).code, Some(0));
    let said = waits.end();
    assert_eq!((said.code, said.out.as_str()), (Some(0), "allowed a.txt. fine\n"), "{said:?}");
}
