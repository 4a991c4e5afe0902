//! A cancel is on disk before anything is stopped, and survives every crash.

use crate::scenes_support::{END, Home, START, kill_9, step_of, task_of, until};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::step::StepStatus;
use clawflow_core::task::TaskStatus;
use clawflow_engine::api::{FlowCancel, FlowCancelRequest};
use clawflow_engine::shim::procfs;

const KEY: &str = "weekly-report-2026-04-09";

/// A step that ignores TERM, with a child in a session of its own that does so too.
fn stubborn() -> String {
    format!(
        r#"steps:
  - id: gather
    run: "{}; {}"
  - id: stubborn
    run: |
      setsid sh -c 'trap "" TERM; echo $$ > far; while :; do sleep 0.05; done' &
      trap "echo term >> marks" TERM
      echo $$ > near
      {START}
      while :; do sleep 0.05; done
  - id: deliver
    run: "{}"
finally:
  - id: tidy
    run: "{}; {}"
"#,
        quoted(START),
        quoted(END),
        quoted(START),
        quoted(START),
        quoted(END),
    )
}

/// Inside double quotes of YAML.
fn quoted(line: &str) -> String {
    line.replace('"', "\\\"")
}

fn cancel() -> FlowCancelRequest {
    let reason = "enough".to_owned();
    FlowCancelRequest { flow: KEY.to_owned(), expected_revision: None, reason, wait_ms: 0 }
}

/// What must be the case once the flow is cancelled.
fn assert_cancelled(home: &Home, flow: &str) {
    let view = home.ends(flow, FlowStatus::Cancelled);
    assert_eq!(step_of(&view, "stubborn").status, StepStatus::Cancelled);
    assert_eq!(task_of(&view, "stubborn").status, TaskStatus::Cancelled);
    assert_eq!(step_of(&view, "deliver").status, StepStatus::Cancelled);
    assert_eq!(step_of(&view, "deliver").attempt, 0);
    assert_eq!(step_of(&view, "tidy").status, StepStatus::Succeeded);
    for (line, times) in [("start deliver 1", 0), ("start tidy 1", 1), ("end tidy 1", 1)] {
        assert_eq!(home.count(line), times, "{line}");
    }
    assert_eq!(view.flow.cancel_reason.as_deref(), Some("enough"));
    let events = home.events(flow);
    let at = |kind: &str| events.iter().position(|event| event.kind == kind).unwrap();
    let intent = at("flow.cancel_requested");
    let stopped = events.iter().position(|event| {
        event.kind == "task.ended" && event.step_id.as_deref() == Some("stubborn")
    });
    assert!(intent < stopped.unwrap() && at("flow.ended") == events.len() - 1);
    let stop = &events[stopped.unwrap()].data["stop"];
    assert!(stop["survivedTerm"].as_array().is_some_and(|who| !who.is_empty()), "{stop}");
}

#[test]
fn a_cancel_survives_the_gateway_in_the_grace_period() {
    let mut home = Home::new();
    home.set("CLAWFLOW_CANCEL_GRACE", "1s");
    home.gateway();
    let flow = home.flow(KEY, &stubborn());
    let (near, far) = (home.pid_in("near"), home.pid_in("far"));
    home.wait_mark("start stubborn 1");
    // As a person does it.
    let words = ["tasks", "flow", "cancel", KEY, "--reason", "enough", "--no-wait", "--json"];
    let said = home.cli(&words);
    assert_eq!(said.code, Some(0), "{said:?}");
    let answer: Flow = serde_json::from_str(&said.out).unwrap();
    assert!(answer.cancel_requested_at.is_some() && !answer.is_terminal());
    home.wait_mark("term");
    assert!(procfs::is_alive(near) && procfs::is_alive(far), "the grace is not over");
    home.kill_gateway();
    home.gateway();
    assert_cancelled(&home, &flow);
    assert!(!procfs::is_alive(near) && !procfs::is_alive(far));
    until("the tree's end", || home.left().is_empty().then_some(()));
}

#[test]
fn a_cancel_that_nobody_carried_out_is_carried_out_by_the_next_gateway() {
    let mut home = Home::new();
    home.gateway();
    let flow = home.flow(KEY, &stubborn());
    let (near, far) = (home.pid_in("near"), home.pid_in("far"));
    home.wait_mark("start stubborn 1");
    // The gateway is gone before it could signal, or soon after.
    home.call::<FlowCancel>(&cancel()).unwrap();
    home.restart();
    assert!(home.view(&flow).flow.cancel_requested_at.is_some());
    assert_cancelled(&home, &flow);
    assert!(!procfs::is_alive(near) && !procfs::is_alive(far));
}

#[test]
fn a_cancel_ends_what_a_dead_shim_left() {
    let mut home = Home::new();
    home.gateway();
    let flow = home.flow(KEY, &stubborn());
    let (near, far) = (home.pid_in("near"), home.pid_in("far"));
    home.wait_mark("start stubborn 1");
    let (shim, _) = home.processes(task_of(&home.view(&flow), "stubborn"));
    home.call::<FlowCancel>(&cancel()).unwrap();
    home.kill_gateway();
    kill_9(shim);
    home.gateway();
    let view = home.ends(&flow, FlowStatus::Cancelled);
    assert_eq!(step_of(&view, "stubborn").status, StepStatus::Cancelled);
    assert_eq!(home.count("start deliver 1"), 0);
    assert_eq!(home.count("end tidy 1"), 1);
    assert!(!procfs::is_alive(near) && !procfs::is_alive(far));
}

#[test]
fn an_unwinding_goes_on_after_a_crash() {
    let mut home = Home::new();
    home.gateway();
    let file = format!(
        "steps:
  - {{ id: work, run: '{START}; sleep 1000' }}
finally:
  - {{ id: slow, run: '{START}; until [ -e go ]; do sleep 0.02; done; {END}' }}
  - {{ id: last, run: '{START}; {END}' }}
"
    );
    let flow = home.flow(KEY, &file);
    home.wait_mark("start work 1");
    home.call::<FlowCancel>(&cancel()).unwrap();
    home.wait_mark("start slow 1");
    home.restart();
    std::fs::write(home.path().join("go"), "").unwrap();
    home.ends(&flow, FlowStatus::Cancelled);
    let all = ["start work 1", "start slow 1", "end slow 1", "start last 1", "end last 1"];
    assert_eq!(home.marks().lines().collect::<Vec<_>>(), all);
}

#[test]
fn cancels_at_a_foreground_run_cost_no_slots() {
    let mut home = Home::new();
    home.set("CLAWFLOW_GATEWAY_MAX_TASKS", "2");
    let file = home.file(&stubborn());
    let run = home.terminal(&["run", file, "--key", KEY]);
    home.wait_mark("start stubborn 1");
    // Each of them makes the run look at its flow anew.
    for _ in 0..8 {
        home.call::<FlowCancel>(&cancel()).unwrap();
    }
    let said = run.end();
    assert_eq!(said.code, Some(1), "{said:?}");
    home.gateway();
    assert_cancelled(&home, KEY);
}
