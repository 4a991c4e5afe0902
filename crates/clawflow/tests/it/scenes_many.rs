//! Fifty commands at once against one wide flow, while its steps end.

use crate::killer::story;
use crate::scenes_support::{END, Home, START, kill_9, step_of, task_of};
use clawflow_core::flow::FlowStatus;
use clawflow_core::step::StepStatus;
use clawflow_core::wait::{WaitKind, WaitState};
use clawflow_engine::api::{
    ApiError, FlowAnswer, FlowAnswerRequest, FlowAnswerResponse, FlowCancel, FlowCancelRequest,
    FlowPause, FlowPauseRequest, FlowRetry, FlowRetryRequest, FlowSettle, FlowSettleRequest,
    FlowUnpause, FlowView, SettleHow,
};
use clawflow_gateway::Client;
use std::fmt::Write as _;

const GATES: usize = 10;
const DOUBTS: usize = 4;
const ENDS: usize = 10;

/// One command.
#[derive(Clone, Debug)]
enum Ask {
    /// Gate, who, and whether bound to something that was never shown.
    Approve(usize, String, bool),
    Settle(usize, SettleHow),
    Cancel(Option<u64>),
    Retry,
    Pause(bool),
}

/// What came of it.
#[derive(Debug)]
enum Got {
    Approved(Box<FlowAnswerResponse>),
    Done,
    Refused(ApiError),
}

impl Got {
    /// The stable word of a refusal.
    fn code(&self) -> &str {
        match self {
            Self::Refused(error) => &error.code,
            Self::Approved(_) | Self::Done => "",
        }
    }
}

impl Ask {
    async fn ask(self, client: Client, flow: String) -> (Self, Got) {
        let asked = self.clone();
        let refused = |error| Got::Refused(error);
        let done = |_| Got::Done;
        let reason = String::new();
        let got = match self {
            Self::Approve(gate, by, odd) => {
                let request = FlowAnswerRequest {
                    flow,
                    step: Some(format!("g{gate}")),
                    wait_id: None,
                    approve: Some(true),
                    response: None,
                    by,
                    shown_hash: odd.then(|| "never shown".to_owned()),
                };
                let answer = client.call::<FlowAnswer>(&request).await;
                answer.map_or_else(refused, |answer| Got::Approved(Box::new(answer)))
            }
            Self::Settle(doubt, how) => {
                let step = Some(format!("d{doubt}"));
                let by = format!("{how:?}");
                let request = FlowSettleRequest { flow, step, how, result: None, by };
                client.call::<FlowSettle>(&request).await.map_or_else(refused, done)
            }
            Self::Cancel(expected_revision) => {
                let request = FlowCancelRequest { flow, expected_revision, reason, wait_ms: 0 };
                client.call::<FlowCancel>(&request).await.map_or_else(refused, done)
            }
            Self::Retry => {
                let request = FlowRetryRequest { flow, ..FlowRetryRequest::default() };
                client.call::<FlowRetry>(&request).await.map_or_else(refused, done)
            }
            Self::Pause(hold) => {
                let request = FlowPauseRequest { flow, expected_revision: None, reason };
                let answer = match hold {
                    true => client.call::<FlowPause>(&request).await,
                    false => client.call::<FlowUnpause>(&request).await,
                };
                answer.map_or_else(refused, done)
            }
        };
        (asked, got)
    }
}

fn wide() -> String {
    let mut file = String::from("steps:\n");
    for n in 0..GATES {
        let _ = writeln!(file, "  - {{ id: g{n}, approval: 'on?', needs: [] }}");
        let _ = writeln!(file, "  - {{ id: r{n}, run: '{START}; {END}', needs: [g{n}] }}");
    }
    for n in 0..ENDS {
        let until = "until [ -e go ]; do sleep 0.02; done";
        let _ = writeln!(file, "  - {{ id: e{n}, run: '{START}; {until}; {END}', needs: [] }}");
    }
    for n in 0..DOUBTS {
        let hang = "[ $CLAWFLOW_ATTEMPT != 1 ] || sleep 1000";
        let _ = writeln!(file, "  - {{ id: d{n}, run: '{START}; {hang}; {END}', needs: [] }}");
    }
    let _ = writeln!(file, "finally:\n  - {{ id: tidy, run: '{START}; {END}' }}");
    file
}

/// A wide flow whose gates are open and whose doubts are there.
fn prepared(home: &mut Home) -> String {
    home.set("CLAWFLOW_GATEWAY_MAX_TASKS", "64");
    home.gateway();
    let flow = home.flow("wide", &wide());
    for n in 0..DOUBTS {
        home.wait_mark(&format!("start d{n} 1"));
        let (shim, _) = home.processes(task_of(&home.view(&flow), &format!("d{n}")));
        kill_9(shim);
    }
    for n in 0..DOUBTS {
        home.wait_step(&flow, &format!("d{n}"), StepStatus::InDoubt);
    }
    for n in 0..ENDS {
        home.wait_mark(&format!("start e{n} 1"));
    }
    flow
}

/// The commands of both tests: 46.
fn asks() -> Vec<Ask> {
    let mut asks = Vec::new();
    for n in 0..GATES {
        asks.push(Ask::Approve(n, "ann".to_owned(), false));
        asks.push(Ask::Approve(n, "bob".to_owned(), false));
    }
    asks.extend((0..4).map(|n| Ask::Approve(n, "eve".to_owned(), true)));
    for n in 0..DOUBTS {
        let hows = [SettleHow::Rerun, SettleHow::Skip, SettleHow::Succeeded];
        asks.extend((0..3).map(|at| Ask::Settle(n, hows[(n + at) % 3])));
    }
    asks.extend([const { Ask::Retry }; 6]);
    asks.extend([Ask::Pause(true), Ask::Pause(false), Ask::Pause(true), Ask::Pause(false)]);
    asks
}

/// Asks all of them at once while the steps end.
fn storm(home: &Home, flow: &str, asks: Vec<Ask>) -> Vec<(Ask, Got)> {
    assert_eq!(asks.len(), 50);
    // From the middle outwards, so that kinds mix.
    let mut order: Vec<Ask> = Vec::new();
    for (at, ask) in asks.into_iter().enumerate() {
        order.insert(if at % 2 == 0 { order.len() / 2 } else { order.len() }, ask);
    }
    std::fs::write(home.path().join("go"), "").unwrap();
    home.block_on(async {
        let ask = |ask: Ask| tokio::spawn(ask.ask(home.client(), flow.to_owned()));
        let asked: Vec<_> = order.into_iter().map(ask).collect();
        let mut got = Vec::new();
        for one in asked {
            got.push(one.await.unwrap());
        }
        got
    })
}

/// What every approval says is what the record says in the end.
fn assert_approvals(view: &FlowView, got: &[(Ask, Got)], refusals: &[&str]) {
    for gate in 0..GATES {
        let id = format!("g{gate}");
        let wait = view.waits.iter().find(|w| w.step_id.as_ref() == Some(&id)).unwrap();
        let mut applied = 0;
        for (ask, got) in got {
            let Ask::Approve(_, by, odd) = ask else { continue };
            if !matches!(ask, Ask::Approve(of, ..) if *of == gate) {
                continue;
            }
            match got {
                Got::Approved(answer) => {
                    assert_eq!(answer.wait.answered_by, wait.answered_by);
                    assert_eq!(answer.wait.state, WaitState::Resolved);
                    if answer.applied {
                        assert!(wait.answered_by.as_ref() == Some(by) && !odd);
                        applied += 1;
                    }
                }
                Got::Refused(error) if *odd && error.code == "invalid" => {}
                Got::Refused(error) => {
                    assert!(refusals.contains(&error.code.as_str()), "{error:?}");
                }
                Got::Done => panic!("an approval without an answer"),
            }
        }
        let resolved = wait.state == WaitState::Resolved;
        assert_eq!(applied, usize::from(resolved), "{wait:?}");
        assert_eq!(step_of(view, &id).status == StepStatus::Succeeded, resolved);
    }
}

/// One settlement of each doubt counts, and is the one on record.
fn assert_settlements(view: &FlowView, got: &[(Ask, Got)], refusals: &[&str]) {
    for doubt in 0..DOUBTS {
        let of = |ask: &Ask| matches!(ask, Ask::Settle(of, _) if *of == doubt);
        let answers: Vec<_> = got.iter().filter(|(ask, _)| of(ask)).collect();
        let done: Vec<_> = answers.iter().filter(|(_, got)| matches!(got, Got::Done)).collect();
        let step = Some(format!("d{doubt}"));
        let is_it = |wait: &&clawflow_core::wait::Wait| {
            wait.step_id == step && wait.kind == WaitKind::InDoubt
        };
        let wait = view.waits.iter().find(is_it).unwrap();
        let resolved = wait.state == WaitState::Resolved;
        assert_eq!(done.len(), usize::from(resolved), "{answers:?}");
        if let [(Ask::Settle(_, how), _)] = done.as_slice() {
            assert_eq!(wait.answered_by, Some(format!("{how:?}")));
        }
        for (_, got) in &answers {
            assert!(got.code().is_empty() || refusals.contains(&got.code()), "{got:?}");
        }
    }
}

/// The history of everything in this home explains its records.
fn assert_explained(mut home: Home) {
    home.stop_gateway();
    let (stories, mut findings) = story::read(&home.home());
    stories.iter().for_each(|story| findings.extend(story.findings()));
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn fifty_commands_at_once_are_each_answered_by_what_is_the_case() {
    let mut home = Home::new();
    let flow = prepared(&mut home);
    let mut asks = asks();
    asks.extend([const { Ask::Cancel(Some(u64::MAX)) }; 4]);
    let got = storm(&home, &flow, asks);
    // If a pause came last.
    let (_, _) = home.block_on(Ask::Pause(false).ask(home.client(), flow.clone()));
    let view = home.ends(&flow, FlowStatus::Succeeded);
    assert_approvals(&view, &got, &[]);
    assert_settlements(&view, &got, &["invalid_state", "terminal"]);
    for (ask, got) in &got {
        match ask {
            Ask::Retry => assert_eq!(got.code(), "invalid_state"),
            Ask::Cancel(_) => {
                assert!(["revision_conflict", "terminal"].contains(&got.code()), "{got:?}");
                let Got::Refused(error) = got else { unreachable!() };
                assert!(error.current.is_some());
            }
            Ask::Pause(_) => assert!(["", "invalid_state", "terminal"].contains(&got.code())),
            Ask::Approve(..) | Ask::Settle(..) => {}
        }
    }
    assert!(view.steps.iter().all(|step| step.attempt <= 2));
    for n in 0..GATES {
        assert_eq!(
            (home.count(&format!("start r{n} 1")), home.count(&format!("end e{n} 1"))),
            (1, 1)
        );
    }
    assert_explained(home);
}

#[test]
fn a_cancel_among_fifty_commands_ends_the_flow_and_starts_nothing() {
    let mut home = Home::new();
    let flow = prepared(&mut home);
    let mut asks = asks();
    asks.extend([const { Ask::Cancel(None) }; 4]);
    let got = storm(&home, &flow, asks);
    let view = home.wait_end(&flow);
    assert_eq!(view.flow.status, FlowStatus::Cancelled);
    let late = ["invalid_state", "cancel_requested", "terminal"];
    assert_approvals(&view, &got, &late);
    assert_settlements(&view, &got, &late);
    let cancels = got.iter().filter(|(ask, _)| matches!(ask, Ask::Cancel(_)));
    assert!(cancels.clone().any(|(_, got)| matches!(got, Got::Done)));
    for (_, got) in cancels {
        assert!(["", "terminal"].contains(&got.code()), "{got:?}");
    }
    let retried = got.iter().filter(|(ask, got)| matches!((ask, got), (Ask::Retry, Got::Done)));
    // A retry that came after the end has made a flow of its own, once: its key is taken then.
    assert!(retried.count() <= 1);
    assert!(home.count("start tidy 1") <= 2);
    for n in 0..GATES {
        let (gate, run) = (step_of(&view, &format!("g{n}")), step_of(&view, &format!("r{n}")));
        assert!(run.attempt == 0 || gate.status == StepStatus::Succeeded);
    }
    let again = Ask::Cancel(None).ask(home.client(), "wide".to_owned());
    let _ = home.block_on(again);
    home.wait_end("wide");
    assert_explained(home);
}
