//! The gateway, the shim and the child die together: nobody knows what the attempt did.

use crate::scenes_support::{END, Home, START, kill_9, stdout_of, step_of, task_of, until};
use clawflow_core::flow::FlowStatus;
use clawflow_core::step::StepStatus;
use clawflow_core::task::TaskStatus;
use clawflow_core::wait::{WaitKind, WaitState};
use clawflow_engine::api::{FlowRef, FlowView, FlowWhy, SettleHow};
use clawflow_engine::shim::procfs;
use serde_json::json;

/// Two steps; the first attempt of the first one, `risky`, never ends by itself.
fn risky(how: &str) -> String {
    format!(
        "steps:
  - id: risky
    run: '{START}; [ $CLAWFLOW_ATTEMPT != 1 ] || sleep 1000; echo again; {END}'{how}
  - id: next
    run: '{START}; cat; {END}'
    stdin: $risky.stdout
"
    )
}

/// Starts the flow, and kills all that has to do with its first attempt.
fn all_die(home: &mut Home, how: &str) -> String {
    home.gateway();
    let flow = home.flow("risky", &risky(how));
    home.wait_mark("start risky 1");
    let view = home.view(&flow);
    let (shim, child) = home.processes(task_of(&view, "risky"));
    home.kill_gateway();
    kill_9(shim);
    kill_9(child);
    home.gateway();
    flow
}

/// As [`all_die`], and waits until the flow asks.
fn in_doubt(home: &mut Home) -> String {
    let flow = all_die(home, "");
    let view = home.wait_step(&flow, "risky", StepStatus::InDoubt);
    assert_eq!(view.flow.status, FlowStatus::Blocked);
    assert!(view.flow.blocked_summary.as_deref().unwrap().contains("risky"));
    assert_eq!(view.flow.blocked_task_id, step_of(&view, "risky").task_id);
    let task = task_of(&view, "risky");
    assert_eq!(task.status, TaskStatus::Lost);
    let wait = view.waits.iter().find(|wait| wait.kind == WaitKind::InDoubt).unwrap();
    assert_eq!(wait.state, WaitState::Open);
    assert_eq!(wait.target.as_deref(), Some(task.task_id.as_str()));
    let prompt = wait.prompt.as_deref().unwrap();
    assert!(prompt.contains("attempt 1 of risky") && prompt.contains("no exit record"), "{prompt}");
    let why = home.call::<FlowWhy>(&FlowRef { flow: flow.clone() }).unwrap();
    assert_eq!(why.reasons[0].kind, "in_doubt", "{why:?}");
    assert!(why.commands.iter().any(|command| command.contains("settle")), "{why:?}");
    let ended = home.events(&flow).into_iter().find(|event| event.kind == "task.ended").unwrap();
    assert_eq!(ended.data["outcome"], "lost");
    // It stays so until somebody says what is the case.
    home.restart();
    assert_eq!(step_of(&home.view(&flow), "risky").status, StepStatus::InDoubt);
    assert_eq!(home.count("start next 1"), 0);
    flow
}

fn starts(home: &Home) -> [usize; 3] {
    ["start risky 1", "start risky 2", "start next 1"].map(|line| home.count(line))
}

fn how_settled(view: &FlowView) -> String {
    let wait = view.waits.iter().find(|wait| wait.kind == WaitKind::InDoubt).unwrap();
    assert_eq!(wait.answered_by.as_deref(), Some("tester"));
    wait.answer.as_ref().unwrap()["settled"].as_str().unwrap().to_owned()
}

#[test]
fn a_doubt_is_settled_by_a_rerun() {
    let mut home = Home::new();
    let flow = in_doubt(&mut home);
    home.settle(&flow, SettleHow::Rerun, None).unwrap();
    let view = home.ends(&flow, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "next"), "again\n");
    assert_eq!(starts(&home), [1, 1, 1]);
    assert_eq!(how_settled(&view), "rerun");
    let second = home.settle(&flow, SettleHow::Rerun, None).unwrap_err();
    assert!(["terminal", "invalid_state"].contains(&second.code.as_str()), "{second:?}");
}

#[test]
fn a_doubt_is_settled_by_a_result() {
    let mut home = Home::new();
    let flow = in_doubt(&mut home);
    // As a person does it.
    let result = r#""looked it up""#;
    let words = ["flows", "settle", "risky", "--succeeded", "--result", result, "--by", "tester"];
    let said = home.cli(&words);
    assert_eq!(said.code, Some(0), "{said:?}");
    let view = home.ends(&flow, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "next"), "looked it up");
    assert_eq!(starts(&home), [1, 0, 1]);
    assert_eq!(how_settled(&view), "succeeded");
}

#[test]
fn a_doubt_is_settled_by_a_skip() {
    let mut home = Home::new();
    let flow = in_doubt(&mut home);
    home.settle(&flow, SettleHow::Skip, None).unwrap();
    let view = home.ends(&flow, FlowStatus::Succeeded);
    assert_eq!(step_of(&view, "risky").status, StepStatus::Skipped);
    assert_eq!(stdout_of(&view, "next"), "");
    assert_eq!(starts(&home), [1, 0, 1]);
    assert_eq!(how_settled(&view), "skip");
}

#[test]
fn a_doubt_is_settled_as_a_failure() {
    let mut home = Home::new();
    let flow = in_doubt(&mut home);
    home.settle(&flow, SettleHow::Fail, None).unwrap();
    let view = home.ends(&flow, FlowStatus::Failed);
    assert_eq!(step_of(&view, "risky").status, StepStatus::Failed);
    assert_eq!(step_of(&view, "next").status, StepStatus::Skipped);
    assert_eq!(starts(&home), [1, 0, 0]);
    assert_eq!(how_settled(&view), "fail");
}

#[test]
fn an_idempotent_step_goes_on_by_itself() {
    let mut home = Home::new();
    let flow = all_die(&mut home, "\n    idempotent: true");
    let view = home.ends(&flow, FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "next"), "again\n");
    assert_eq!(starts(&home), [1, 1, 1]);
    assert!(view.waits.is_empty(), "{:?}", view.waits);
    let risky = step_of(&view, "risky");
    assert_eq!((risky.attempt, risky.lost_attempts), (2, 1));
    let outcomes: Vec<_> = view.tasks.iter().map(|task| task.status).collect();
    assert_eq!(outcomes, [TaskStatus::Lost, TaskStatus::Succeeded, TaskStatus::Succeeded]);
}

#[test]
fn a_step_that_fails_when_lost_fails() {
    let mut home = Home::new();
    let flow = all_die(&mut home, "\n    on_lost: fail");
    let view = home.ends(&flow, FlowStatus::Failed);
    assert_eq!(step_of(&view, "risky").error.as_ref().unwrap().code, "lost");
    assert_eq!(starts(&home), [1, 0, 0]);
}

#[test]
fn what_a_dead_shim_leaves_is_gone_before_anything_is_decided() {
    let mut home = Home::new();
    home.gateway();
    // Both write for as long as they live. The step itself goes with its shim.
    let tree = format!(
        r#"steps:
  - id: risky
    idempotent: true
    run: |
      {START}
      if [ $CLAWFLOW_ATTEMPT != 1 ]; then {END}; exit 0; fi
      setsid sh -c 'trap "" TERM; echo $$ > far; while echo beat >> marks; do sleep 0.01; done' &
      sh -c 'trap "" TERM; echo $$ > near; while echo beat >> marks; do sleep 0.01; done' &
      wait
"#
    );
    let flow = home.flow("tree", &tree);
    let (near, far) = (home.pid_in("near"), home.pid_in("far"));
    home.wait_mark("beat");
    let (shim, child) = home.processes(task_of(&home.view(&flow), "risky"));
    assert_eq!(procfs::stat(near.pid).unwrap().pgid, child.pid);
    assert_ne!(procfs::stat(far.pid).unwrap().session, procfs::stat(near.pid).unwrap().session);
    home.kill_gateway();
    kill_9(shim);
    until("the step's end", || (!procfs::is_alive(child)).then_some(()));
    assert!(procfs::is_alive(near) && procfs::is_alive(far));
    home.gateway();
    // Once anything is decided, nothing of it is left.
    let view = home.wait(&flow, |view| view.tasks[0].status != TaskStatus::Running);
    assert!(!procfs::is_alive(near) && !procfs::is_alive(far));
    assert_eq!(view.tasks[0].status, TaskStatus::Lost);
    home.ends(&flow, FlowStatus::Succeeded);
    let marks = home.marks();
    let after = marks.split("start risky 2").nth(1).unwrap();
    assert!(!after.contains("beat"), "{after}");
    let ended = home.events(&flow).into_iter().find(|event| event.kind == "task.ended").unwrap();
    let killed = ended.data["evidence"]["killed"].as_array().unwrap().clone();
    assert!(killed.contains(&json!(near.pid)) && killed.contains(&json!(far.pid)), "{killed:?}");
    until("the tree's end", || home.left().is_empty().then_some(()));
}
