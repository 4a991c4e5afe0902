//! What the agent of a child asks people.

use super::moves::asked;
use super::world::{Code, OWNER, command, event, new, person, stopped};
use crate::world::{code, exit};
use clawflow_core::acp::AskedFor;
use clawflow_core::control::{self, ControlDecision, Reply, Said};
use clawflow_core::effect::Effect;
use clawflow_core::error::{Code as Refused, Refusal};
use clawflow_core::flow::{FlowStatus, NewManaged, NotifyPolicy};
use clawflow_core::task::solo::{self, NewAgent, NewTask};
use clawflow_core::wait::{WaitKind, WaitState};
use serde_json::json;

fn ask(w: &mut Code, key: &str) -> Result<ControlDecision, Refusal> {
    let (task, asked) = (w.child(0), AskedFor { key: key.to_owned(), ..asked() });
    w.act(|s, ctx| control::ask_permission(s, ctx, &task.task_id, task.fence, &asked))
}

fn say(w: &mut Code, said: Said) -> Result<ControlDecision, Refusal> {
    let wait = w.wait().wait_id.clone();
    let reply = Reply { said, by: "ann".to_owned(), shown_hash: None };
    w.act(|s, ctx| control::answer(s, ctx, &wait, &reply))
}

/// A flow with a child at work.
fn at_work() -> Code {
    let mut w = Code::make(
        NewManaged { notify_policy: Some(NotifyPolicy::StateChanges), ..new() },
        Vec::new(),
    )
    .unwrap();
    w.slots = 1;
    w.launch().unwrap();
    w
}

#[test]
fn a_question_moves_no_flow_and_its_answer_reaches_the_agent_once() {
    for yes in [true, false] {
        let mut w = at_work();
        w.park_for(event("reply", None)).unwrap();
        let (revision, owed) = (w.flow().revision, w.deliveries.len());
        ask(&mut w, "7").unwrap();
        assert!(ask(&mut w, "7").unwrap().unit.waits.is_empty(), "the same request");
        assert_eq!((w.state.waits.len(), w.deliveries.len()), (2, owed + 1));
        let wait = w.wait();
        assert_eq!((wait.kind, wait.step_id.as_ref()), (WaitKind::Permission, None));
        assert!(wait.prompt.as_ref().unwrap().ends_with("asks (edit): a.txt"), "{wait:?}");
        assert_eq!(wait.preview.as_deref(), Some("+ one"));
        assert_eq!(code(say(&mut w, Said::Value(json!(1)))), Refused::Invalid);
        let made = say(&mut w, Said::Decision(yes)).unwrap();
        assert_eq!(made.effects, [Effect::Told(w.child(0).task_id.clone())]);
        let wait = w.wait();
        assert_eq!(
            (wait.state, &wait.answer),
            (WaitState::Resolved, &Some(json!({"approved": yes})))
        );
        assert_eq!(w.last("wait.resolved")["by"], "ann");
        assert_eq!((w.status(), w.flow().revision), (FlowStatus::Waiting, revision));
        assert_eq!(code(say(&mut w, Said::Decision(yes))), Refused::InvalidState);
    }
}

#[test]
fn the_controllers_moves_leave_a_question_open() {
    let mut w = at_work();
    ask(&mut w, "7").unwrap();
    w.park_for(person(false, &[])).unwrap();
    w.resume().unwrap();
    w.pause().unwrap();
    let open: Vec<_> = w.state.waits.values().map(|wait| wait.kind).collect();
    assert_eq!(open, [WaitKind::Permission]);
}

#[test]
fn a_question_is_void_once_its_turn_is_over_and_nobody_is_asked_of_a_flow_that_ends() {
    for report in [exit(0, ""), exit(1, ""), stopped()] {
        let mut w = at_work();
        ask(&mut w, "7").unwrap();
        w.end(0, &report).unwrap();
        assert_eq!((w.wait().state, &w.wait().answer), (WaitState::Cancelled, &None));
        assert_eq!(code(say(&mut w, Said::Decision(true))), Refused::InvalidState);
        assert_eq!(code(ask(&mut w, "8")), Refused::InvalidState);
    }
    type Ends = fn(&mut Code) -> Result<ControlDecision, Refusal>;
    let ends: [(Ends, Refused); 4] = [
        (Code::finish, Refused::Terminal),
        (Code::fail, Refused::Terminal),
        (Code::request_cancel, Refused::CancelRequested),
        (Code::cancel, Refused::CancelRequested),
    ];
    for (end, refused) in ends {
        let mut w = at_work();
        ask(&mut w, "7").unwrap();
        let made = end(&mut w).unwrap();
        let told = Effect::Told(w.child(0).task_id.clone());
        assert!(made.effects.contains(&told), "{:?}", made.effects);
        assert_eq!(w.wait().state, WaitState::Cancelled);
        assert_eq!(code(ask(&mut w, "8")), refused);
    }
}

#[test]
fn a_task_of_its_own_asks_in_the_flow_that_mirrors_it() {
    let mut w = Code::begin(Vec::new(), 0, |ctx| {
        let new = NewTask {
            owner_key: OWNER.to_owned(),
            label: None,
            command: command(),
            requester_origin: None,
            notify_policy: None,
            parent_task_id: None,
            budget: None,
            agent: Some(NewAgent { agent: "coder".to_owned(), task: "Mend it".to_owned() }),
        };
        Ok(control::mirrored(solo::create(new, ctx)?, ctx))
    })
    .unwrap();
    assert_eq!(code(ask(&mut w, "7")), Refused::InvalidState);
    let id = w.child(0).task_id.clone();
    w.act(|s, ctx| control::claim(s, ctx, &id)).unwrap();
    ask(&mut w, "7").unwrap();
    assert_eq!(w.wait().prompt.as_deref(), Some("coder asks (edit): a.txt"));
    say(&mut w, Said::Decision(true)).unwrap();
    assert_eq!((w.wait().state, w.status()), (WaitState::Resolved, FlowStatus::Running));
    ask(&mut w, "8").unwrap();
    w.act(|s, ctx| control::cancel_task(s, ctx, &id, "enough")).unwrap();
    assert_eq!(w.wait().state, WaitState::Cancelled);
    assert_eq!(code(ask(&mut w, "9")), Refused::CancelRequested);
    w.end(0, &stopped()).unwrap();
    assert_eq!(w.status(), FlowStatus::Cancelled);
    assert!(w.deliveries.iter().all(|one| one.kind == "task.ended"), "it was not told to ask");
}

#[test]
fn the_session_of_an_agent_is_on_record_before_it_is_asked_anything() {
    let mut w = at_work();
    let task = w.child(0);
    let (id, fence) = (&task.task_id, task.fence);
    w.act(|s, ctx| control::agent_session(s, ctx, id, fence, "s1")).unwrap();
    assert!(w.child(0).child_session_key.as_ref().unwrap().ends_with(":acp:s1"));
    assert_eq!(w.last("agent.session")["session"], "s1");
    let old = w.act(|s, ctx| control::agent_session(s, ctx, id, fence + 1, "s2"));
    assert_eq!(code(old), Refused::InvalidState);
}
