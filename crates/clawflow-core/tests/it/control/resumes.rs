//! Agents that die in their turn and go on in their session.

use super::moves::asked;
use super::world::{Code, OWNER, new, of_agent, stopped};
use crate::world::code;
use clawflow_core::acp::{AgentEnd, EarlierTurn, End, OnStop};
use clawflow_core::budget::Budget;
use clawflow_core::control::{self, ControlDecision, NewChild, WaitFor};
use clawflow_core::drive::Report;
use clawflow_core::effect::Effect;
use clawflow_core::error::{Code as Refused, Refusal};
use clawflow_core::flow::{FlowStatus, NewManaged};
use clawflow_core::limits::RESUMES_MAX;
use clawflow_core::task::solo::{self, NewAgent, NewTask};
use clawflow_core::task::{Runtime, TaskStatus, Usage};
use clawflow_core::wait::WaitState;
use serde_json::{Value, json};

fn used(tokens: u64, cost_usd: f64) -> Usage {
    let cost_usd = Some(cost_usd).filter(|cost| *cost > 0.0);
    Usage { tokens: Some(tokens), cost_usd, ..Usage::default() }
}

fn ends(end: End, usage: Option<Usage>) -> Report {
    let agent = AgentEnd {
        end,
        text: Some("fine".to_owned()),
        truncated: false,
        session_cost: usage.as_ref().and_then(|usage| usage.cost_usd),
        usage,
        on_stop: OnStop::Fail,
        notes: json!({}),
    };
    Report { agent: Some(Box::new(agent)), worked_ms: Some(50), ..Report::default() }
}

fn dies(usage: Option<Usage>) -> Report {
    ends(End::Lost("the agent ended by signal 9 during its turn".to_owned()), usage)
}

fn session(w: &mut Code) -> ControlDecision {
    let task = w.child(0);
    w.act(|s, ctx| control::agent_session(s, ctx, &task.task_id, task.fence, "s1")).unwrap()
}

fn claim(w: &mut Code) -> Result<ControlDecision, Refusal> {
    let task = w.child(0);
    w.act(|s, ctx| control::claim(s, ctx, &task.task_id))
}

fn gone(w: &mut Code) {
    let task = w.child(0);
    let why = "the machine was restarted";
    w.act(|s, ctx| control::lost(s, ctx, &task.task_id, task.fence, why, Value::Null)).unwrap();
}

/// A flow whose child is an agent at work, in a session.
fn child(budget: Option<Budget>) -> Code {
    let mut w = Code::make(NewManaged { budget, ..new() }, Vec::new()).unwrap();
    w.slots = 1;
    let asks = NewChild { command: Some(of_agent()), ..NewChild::new(Runtime::Acp, "mend it") };
    w.run(asks).unwrap();
    session(&mut w);
    w
}

/// A sub-agent at work, in a session, with the flow that mirrors it.
fn subagent(budget: Option<Budget>) -> Code {
    let mut w = Code::begin(Vec::new(), 0, |ctx| {
        let new = NewTask {
            owner_key: OWNER.to_owned(),
            label: None,
            command: of_agent(),
            requester_origin: None,
            notify_policy: None,
            parent_task_id: None,
            budget,
            agent: Some(NewAgent { agent: "coder".to_owned(), task: "Mend it".to_owned() }),
        };
        Ok(control::mirrored(solo::create(new, ctx)?, ctx))
    })
    .unwrap();
    claim(&mut w).unwrap();
    session(&mut w);
    w
}

#[test]
fn an_agent_that_dies_goes_on_and_is_told_of_once() {
    for start in [child, subagent] {
        let mut w = start(None);
        assert!(session(&mut w).unit.tasks.is_empty(), "the same session");
        let (id, key) = (w.child(0).task_id.clone(), w.child(0).child_session_key.clone());
        let question = asked();
        w.act(|s, ctx| control::ask_permission(s, ctx, &id, 1, &question)).unwrap();
        let made = w.end(0, &dies(Some(used(7, 0.5)))).unwrap();
        assert_eq!(made.effects, [Effect::Queued(id.clone())]);
        assert_eq!(w.wait().state, WaitState::Cancelled, "nobody waits for the answer");
        let task = w.child(0);
        assert_eq!((task.status, task.attempt, task.fence), (TaskStatus::Queued, 2, 1));
        assert_eq!((&task.executor, task.started_at, task.ended_at), (&None, None, None));
        assert_eq!(task.child_session_key, key);
        let earlier = EarlierTurn {
            session: "s1".to_owned(),
            cost_usd: Some(0.5),
            usage: Some(used(7, 0.5)),
            worked_ms: 50,
        };
        let command = task.command.as_ref().unwrap();
        assert_eq!(command.earlier.as_deref(), Some(&earlier));
        assert_eq!(w.last("task.interrupted")["attempt"], 1);
        assert!(!w.flow().is_terminal() && w.deliveries.is_empty());

        claim(&mut w).unwrap();
        assert_eq!((w.child(0).status, w.child(0).fence), (TaskStatus::Running, 2));
        assert!(session(&mut w).unit.tasks.is_empty(), "what earlier attempts left stays");
        let late = w.act(|s, ctx| control::ended(s, ctx, &id, 1, &dies(None)));
        assert_eq!(code(late), Refused::InvalidState, "a report of the dead one");
        // What it tells has that of the earlier ones in it.
        w.end(0, &ends(End::Done, Some(used(10, 0.75)))).unwrap();
        let task = w.child(0);
        assert_eq!(
            (task.status, task.usage.clone()),
            (TaskStatus::Succeeded, Some(used(10, 0.75)))
        );
        assert_eq!(task.answer.as_deref(), Some("fine"));
        assert!(w.deliveries.len() <= 1, "{:?}", w.deliveries);
    }
}

#[test]
fn one_that_dies_again_and_again_is_lost() {
    for start in [child, subagent] {
        let mut w = start(None);
        for attempt in 1..=RESUMES_MAX {
            assert_eq!(w.child(0).attempt, attempt);
            w.end(0, &dies(None)).unwrap();
            claim(&mut w).unwrap();
        }
        w.end(0, &dies(None)).unwrap();
        let task = w.child(0);
        assert_eq!((task.status, task.attempt), (TaskStatus::Lost, RESUMES_MAX + 1));
        assert!(task.error.as_ref().unwrap().contains("signal 9"));
        let worked = task.command.as_ref().unwrap().earlier.as_ref().unwrap().worked_ms;
        assert_eq!(worked, 50 * u64::from(RESUMES_MAX));
    }
}

#[test]
fn without_a_session_or_a_wish_for_it_nothing_goes_on() {
    let lost = |w: &mut Code, why: &str| {
        w.end(0, &dies(None)).unwrap();
        assert_eq!(w.child(0).status, TaskStatus::Lost, "{why}");
    };
    let mut w = Code::make(new(), Vec::new()).unwrap();
    w.run(NewChild { command: Some(of_agent()), ..NewChild::new(Runtime::Acp, "x") }).unwrap();
    lost(&mut w, "it has none");

    let mut w = subagent(None);
    w.end(0, &ends(End::NoSession("no such session".to_owned()), None)).unwrap();
    assert_eq!(w.child(0).status, TaskStatus::Lost, "it is gone");

    let mut w = child(None);
    let id = w.child(0).task_id.clone();
    w.act(|s, ctx| control::cancel_task(s, ctx, &id, "wrong")).unwrap();
    lost(&mut w, "it is to be stopped");

    let mut w = child(None);
    w.cancel().unwrap();
    lost(&mut w, "its flow is to be cancelled");
    assert_eq!(w.status(), FlowStatus::Cancelled);

    let mut w = child(None);
    w.finish().unwrap();
    lost(&mut w, "its flow has ended");

    let mut w = subagent(Some(Budget { tokens: Some(5), ..Budget::default() }));
    w.end(0, &dies(Some(used(5, 0.0)))).unwrap();
    assert_eq!(w.child(0).status, TaskStatus::Lost, "it has used up its budget");

    // What failed by itself is no broken-off turn.
    let mut w = child(None);
    w.end(0, &stopped()).unwrap();
    assert_eq!(w.child(0).status, TaskStatus::Failed);
}

#[test]
fn one_of_which_nothing_is_known_goes_on_with_what_was_told_of_it() {
    let mut w = subagent(None);
    let (id, mut before) = (w.child(0).task_id.clone(), 0);
    for cost in [0.5, 0.75] {
        let task = w.child(0);
        let usage = Some(used(1, cost));
        let report = control::ChildReport { usage, ..control::ChildReport::default() };
        w.act(|s, ctx| control::reported(s, ctx, &id, &report)).unwrap();
        gone(&mut w);
        let earlier = w.child(0).command.clone().unwrap().earlier.unwrap();
        assert_eq!((earlier.cost_usd, earlier.usage), (Some(cost), Some(used(1, cost))));
        assert!(earlier.worked_ms > before || task.attempt == 1);
        before = earlier.worked_ms;
        assert_eq!(w.last("task.interrupted")["why"], "the machine was restarted");
        claim(&mut w).unwrap();
    }
}

#[test]
fn it_waits_while_its_flow_is_paused_and_a_cancel_ends_it() {
    let mut w = child(None);
    let id = w.child(0).task_id.clone();
    w.park_for(WaitFor::Task { task_id: id.clone() }).unwrap();
    w.pause().unwrap();
    w.end(0, &dies(None)).unwrap();
    assert_eq!(code(claim(&mut w)), Refused::Paused);
    assert_eq!(w.status(), FlowStatus::Waiting, "its flow waits on");
    w.act(|s, ctx| control::unpause(s, ctx, None)).unwrap();
    w.cancel().unwrap();
    assert_eq!((w.child(0).status, w.status()), (TaskStatus::Cancelled, FlowStatus::Cancelled));
    assert!(w.child(0).error.as_ref().unwrap().contains("could go on"));
}

#[test]
fn what_it_used_counts_for_the_budget_of_its_flow_before_it_goes_on() {
    let mut w = child(Some(Budget { tokens: Some(5), ..Budget::default() }));
    w.end(0, &dies(Some(used(6, 0.0)))).unwrap();
    assert!(w.flow().held_at.is_some());
    assert_eq!(code(claim(&mut w)), Refused::Paused);
}
