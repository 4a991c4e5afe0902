//! Terminals without a gateway: one runs, another one answers, any may die.

use crate::scenes_support::{END, Home, START, stdout_of, step_of, task_of, until};
use clawflow_core::flow::FlowStatus;
use clawflow_core::step::StepStatus;
use clawflow_engine::api::{
    FlowAnswer, FlowAnswerRequest, FlowPause, FlowPauseRequest, FlowUnpause,
};
use clawflow_engine::shim::procfs;

fn approve(flow: &str) -> FlowAnswerRequest {
    FlowAnswerRequest {
        flow: flow.to_owned(),
        step: None,
        wait_id: None,
        approve: Some(true),
        response: None,
        by: "other".to_owned(),
        shown_hash: None,
    }
}

fn gated() -> String {
    format!(
        "steps:
  - {{ id: draft, run: '{START}; echo draft; {END}' }}
  - {{ id: gate, approval: 'send it?' }}
  - {{ id: send, run: '{START}; echo sent by $gate.approvedBy; {END}' }}
"
    )
}

fn held() -> String {
    format!(
        "steps:
  - {{ id: work, run: '{START}; until [ -e go ]; do sleep 0.02; done; echo worked; {END}' }}
  - {{ id: next, run: '{START}; cat; {END}', stdin: $work.stdout }}
"
    )
}

#[test]
fn a_foreground_run_is_answered_from_another_terminal() {
    let home = Home::new();
    let run = home.terminal(&["run", home.file(&gated()), "--key", "letter"]);
    until("the gate", || run.err().contains("gate waits for approval: send it?").then_some(()));
    let answer = home.cli(&["flows", "approve", "letter", "--step", "gate", "--by", "other"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let said = run.end();
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(said.out, "sent by other\n");
    assert_eq!(home.marks().lines().count(), 4, "{}", home.marks());
}

#[test]
fn an_open_question_is_told_with_how_to_answer_it() {
    let home = Home::new();
    let ask = "steps: [{ id: ask, input: { prompt: 'Which?', schema: { type: integer } } }]";
    let run = home.terminal(&["run", home.file(ask), "--key", "asked"]);
    let hint = "hint: clawflow flows answer asked --step ask --response JSON";
    until("the question", || run.err().contains(hint).then_some(()));
    assert!(run.err().contains("ask waits for an answer: Which?"), "{}", run.err());
    let answer = ["flows", "answer", "asked", "--step", "ask", "--response", "3"];
    assert_eq!(home.cli(&answer).code, Some(0));
    let said = run.end();
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(!said.err.contains("approv"), "{said:?}");
}

#[test]
fn a_paused_foreground_run_says_why_it_waits() {
    let home = Home::new();
    let run = home.terminal(&["run", home.file(&gated()), "--key", "resting"]);
    until("the gate", || run.err().contains("gate waits for approval").then_some(()));
    let pause = FlowPauseRequest {
        flow: "resting".to_owned(),
        expected_revision: None,
        reason: "lunch".to_owned(),
    };
    home.call::<FlowPause>(&pause).unwrap();
    let hint = "hint: clawflow flows unpause resting";
    until("the reason", || run.err().contains(hint).then_some(()));
    home.call::<FlowAnswer>(&approve("resting")).unwrap();
    home.call::<FlowUnpause>(&pause).unwrap();
    let said = run.end();
    assert_eq!((said.code, said.out.as_str()), (Some(0), "sent by other\n"), "{said:?}");
}

#[test]
fn a_run_is_left_with_ctrl_c_and_continued() {
    let home = Home::new();
    let run = home.terminal(&["run", home.file(&held()), "--key", "left"]);
    home.wait_mark("start work 1");
    run.interrupt();
    let said = run.end();
    assert_eq!(said.code, Some(130), "{said:?}");
    assert!(said.err.contains("nothing is lost"), "{said:?}");
    assert!(said.err.contains("clawflow run --continue left"), "{said:?}");
    assert_eq!(home.count("end work 1"), 0);
    let run = home.terminal(&["run", "--continue", "left"]);
    std::fs::write(home.path().join("go"), "").unwrap();
    let said = run.end();
    assert_eq!((said.code, said.out.as_str()), (Some(0), "worked\n"), "{said:?}");
    assert_eq!(home.marks().lines().count(), 4, "{}", home.marks());
}

#[test]
fn a_killed_run_is_continued() {
    let home = Home::new();
    let mut run = home.terminal(&["run", home.file(&held()), "--key", "killed"]);
    home.wait_mark("start work 1");
    run.kill();
    assert_eq!(run.end().code, None);
    let run = home.terminal(&["run", "--continue", "killed"]);
    until("the socket", || home.block_on(home.client().ping()).ok());
    let view = home.view("killed");
    let (_, child) = home.processes(task_of(&view, "work"));
    assert!(procfs::is_alive(child));
    std::fs::write(home.path().join("go"), "").unwrap();
    let said = run.end();
    assert_eq!((said.code, said.out.as_str()), (Some(0), "worked\n"), "{said:?}");
    assert_eq!(home.marks().lines().count(), 4, "{}", home.marks());
}

#[test]
fn followers_of_a_killed_gateway_drive_on() {
    let mut home = Home::new();
    home.gateway();
    let first = home.terminal(&["run", home.file(&held()), "--key", "followed"]);
    home.wait_mark("start work 1");
    // A second one looks at the same flow, and a third one at another flow.
    let second = home.terminal(&["run", "--continue", "followed"]);
    let other = "steps:\n  - { id: nap, run: 'sleep 0.5' }\n  - { id: own, run: echo own }\n";
    let other = home.flow("other", other);
    let third = home.terminal(&["run", "--continue", "other"]);
    until("all to follow", || {
        let all = first.err().contains("flow") && second.err().contains("flow");
        (all && third.err().contains("flow")).then_some(())
    });
    home.kill_gateway();
    let runs = [&first, &second, &third];
    until("one to drive", || {
        runs.iter().any(|run| run.err().contains("this run goes on")).then_some(())
    });
    std::fs::write(home.path().join("go"), "").unwrap();
    for (run, out) in [(first, "worked\n"), (second, "worked\n"), (third, "own\n")] {
        let said = run.end();
        assert_eq!((said.code, said.out.as_str()), (Some(0), out), "{said:?}");
    }
    home.gateway();
    let view = home.ends("followed", FlowStatus::Succeeded);
    assert_eq!(stdout_of(&view, "next"), "worked\n");
    assert_eq!(step_of(&view, "work").status, StepStatus::Succeeded);
    assert_eq!(home.ends(&other, FlowStatus::Succeeded).tasks.len(), 2);
    assert_eq!(home.marks().lines().count(), 4, "{}", home.marks());
}

#[test]
fn the_result_is_the_last_steps_and_not_one_of_the_insides_of_a_loop() {
    let home = Home::new();
    let file = home.file(
        "steps:\n  - { id: each, for_each: ['a', 'b'], steps: [{ id: work, run: echo inside }] }\n  \
         - { id: last, run: echo done }\n",
    );
    let said = home.cli(&["run", file]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "done\n"), "{said:?}");
}
