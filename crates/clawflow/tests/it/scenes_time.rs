//! Times that come while nothing runs, and attempts that are counted across crashes.

use crate::scenes_support::{END, Home, START, step_of};
use clawflow_core::flow::FlowStatus;
use clawflow_core::step::StepStatus;
use clawflow_core::wait::WaitState;
use clawflow_engine::api::{FlowAnswer, FlowAnswerRequest};
use clawflow_engine::clock::now;
use std::time::Duration;

#[test]
fn retries_and_their_backoff_survive_restarts() {
    let mut home = Home::new();
    home.gateway();
    let file = format!(
        "steps:
  - id: flaky
    run: '{START}; [ $CLAWFLOW_ATTEMPT = 4 ]; code=$?; {END}; exit $code'
    retry: {{ max: 4, backoff: fixed, delay: 400ms }}
"
    );
    let flow = home.flow("flaky", &file);
    for attempt in 1..=3u32 {
        let view = home.wait(&flow, |view| {
            let step = step_of(view, "flaky");
            step.attempt == attempt && step.status == StepStatus::Retrying
        });
        let due = step_of(&view, "flaky").due_at.unwrap();
        home.restart();
        let step = home.view(&flow);
        let step = step_of(&step, "flaky");
        if step.status == StepStatus::Retrying {
            assert_eq!((step.attempt, step.due_at), (attempt, Some(due)));
        }
    }
    let view = home.ends(&flow, FlowStatus::Succeeded);
    let step = step_of(&view, "flaky");
    assert_eq!((step.attempt, step.lost_attempts), (4, 0));
    for attempt in 1..=4 {
        assert_eq!(home.count(&format!("start flaky {attempt}")), 1);
    }
    // None came before its time. What the flow makes of it, `flow.changed`, may come in between.
    let mut events = home.events(&flow);
    events.retain(|event| event.kind.starts_with("step."));
    let pairs = events.windows(2).filter(|pair| pair[0].kind == "step.retrying");
    let mut retries = 0;
    for pair in pairs {
        assert_eq!(pair[1].kind, "step.started");
        assert!(pair[1].at >= pair[0].data["dueAt"].as_i64().unwrap(), "{pair:?}");
        retries += 1;
    }
    assert_eq!(retries, 3);
}

#[test]
fn a_sleep_whose_time_passed_while_nothing_ran_is_over_at_once() {
    let mut home = Home::new();
    home.gateway();
    let file = format!(
        "steps:
  - {{ id: nap, sleep: 600ms }}
  - {{ id: long, sleep: 1h, needs: [] }}
  - {{ id: after, run: '{START}; {END}', needs: [nap] }}
"
    );
    let flow = home.flow("nap", &file);
    let view = home.wait_step(&flow, "nap", StepStatus::Waiting);
    let due = view.waits.iter().find(|w| w.step_id.as_deref() == Some("nap")).unwrap();
    let due = due.due_at.unwrap();
    home.kill_gateway();
    assert!(now() < due, "the machine is too slow for this test");
    std::thread::sleep(Duration::from_millis(u64::try_from(due - now()).unwrap_or(0) + 1));
    let began = now();
    home.gateway();
    let view = home.wait_step(&flow, "after", StepStatus::Succeeded);
    let woken = step_of(&view, "nap").ended_at.unwrap();
    assert!(woken >= began && woken - began < 5000, "{woken} {began}");
    assert_eq!(step_of(&view, "long").status, StepStatus::Waiting);
    assert_eq!(home.count("start after 1"), 1);
}

#[test]
fn an_approval_whose_time_passed_while_nothing_ran_expires_once() {
    let mut home = Home::new();
    home.gateway();
    let file = format!(
        "steps:
  - id: gate
    approval: {{ prompt: now?, timeout: 600ms, on_timeout: continue }}
  - {{ id: after, run: 'echo $gate.approved; {START}; {END}' }}
"
    );
    let flow = home.flow("gate", &file);
    let view = home.wait_step(&flow, "gate", StepStatus::Waiting);
    let due = view.waits[0].due_at.unwrap();
    home.kill_gateway();
    std::thread::sleep(Duration::from_millis(u64::try_from(due - now()).unwrap_or(0) + 1));
    home.gateway();
    let view = home.ends(&flow, FlowStatus::Succeeded);
    assert_eq!(view.waits.len(), 1);
    assert_eq!(view.waits[0].state, WaitState::Expired);
    let late = home.call::<FlowAnswer>(&FlowAnswerRequest {
        flow: flow.clone(),
        step: Some("gate".to_owned()),
        wait_id: None,
        approve: Some(true),
        response: None,
        by: "late".to_owned(),
        shown_hash: None,
    });
    assert_eq!(late.unwrap_err().code, "invalid_state");
    home.restart();
    let expired = home.events(&flow).iter().filter(|e| e.kind == "wait.expired").count();
    assert_eq!(expired, 1);
    assert_eq!(home.count("start after 1"), 1);
}
