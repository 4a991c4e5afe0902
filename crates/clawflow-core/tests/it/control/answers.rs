//! What people say.

use super::world::{Code, event, person};
use crate::world::code;
use clawflow_core::control::{self, ControlDecision, Reply, Said};
use clawflow_core::error::{Code as Refused, Refusal};
use clawflow_core::flow::FlowStatus;
use clawflow_core::wait::{WaitKind, WaitState};
use serde_json::{Value, json};

fn say(
    w: &mut Code,
    said: Said,
    by: &str,
    shown_hash: Option<&str>,
) -> Result<ControlDecision, Refusal> {
    let wait = w.wait().wait_id.clone();
    let reply = Reply { said, by: by.to_owned(), shown_hash: shown_hash.map(str::to_owned) };
    w.act(|s, ctx| control::answer(s, ctx, &wait, &reply))
}

pub(crate) fn yes(w: &mut Code) -> Result<ControlDecision, Refusal> {
    say(w, Said::Decision(true), "ann", None)
}

#[test]
fn yes_and_no_wake_the_flow_with_the_answer() {
    for approved in [true, false] {
        let mut w = Code::new();
        w.park_for(person(false, &[])).unwrap();
        assert_eq!(w.wait().kind, WaitKind::Approval);
        let hash = w.wait().shown_hash.clone();
        let made = say(&mut w, Said::Decision(approved), "bob", hash.as_deref()).unwrap();
        assert_eq!(made.waits, [w.wait().wait_id.clone()]);
        assert_eq!((w.status(), w.flow().revision), (FlowStatus::Running, 2));
        let wait = w.wait();
        assert_eq!((wait.state, wait.answered_by.as_deref()), (WaitState::Resolved, Some("bob")));
        let told = w.last("flow.woken");
        assert_eq!((&told["answer"], &told["by"]), (&json!({"approved": approved}), &json!("bob")));
    }
}

#[test]
fn any_json_answers_where_a_value_is_asked_for() {
    for value in [json!({"to": ["a"]}), Value::Null, json!("x")] {
        let mut w = Code::new();
        w.park_for(person(true, &[])).unwrap();
        assert_eq!(w.wait().kind, WaitKind::Input);
        say(&mut w, Said::Value(value.clone()), "ann", None).unwrap();
        assert_eq!(w.wait().answer, Some(value));
    }
}

#[test]
fn an_answer_is_single_use() {
    let mut w = Code::new();
    w.park_for(person(false, &[])).unwrap();
    yes(&mut w).unwrap();
    assert_eq!(code(yes(&mut w)), Refused::InvalidState);
    w.finish().unwrap();
    assert_eq!(code(yes(&mut w)), Refused::Terminal);
}

#[test]
fn an_answer_that_does_not_fit_is_refused() {
    let mut w = Code::new();
    w.park_for(person(false, &["ann"])).unwrap();
    assert_eq!(code(say(&mut w, Said::Decision(true), "bob", None)), Refused::Invalid);
    assert_eq!(code(say(&mut w, Said::Decision(true), "ann", Some("00"))), Refused::Invalid);
    assert_eq!(code(say(&mut w, Said::Value(json!(1)), "ann", None)), Refused::Invalid);
    w.park_for(person(false, &[])).unwrap();
    for by in [" ", "\0", &"x".repeat(4097), &format!("ann{}", " ".repeat(4096))] {
        assert_eq!(code(say(&mut w, Said::Decision(true), by, None)), Refused::Invalid);
    }
    w.park_for(person(true, &[])).unwrap();
    assert_eq!(code(yes(&mut w)), Refused::Invalid);
    let large = Said::Value(json!("x".repeat(300_000)));
    assert_eq!(code(say(&mut w, large, "ann", None)), Refused::Invalid);
    w.park_for(event("reply", None)).unwrap();
    assert_eq!(code(yes(&mut w)), Refused::InvalidState);
    // A child keeps the flow open after the request.
    w.record().unwrap();
    w.park_for(person(false, &[])).unwrap();
    w.request_cancel().unwrap();
    assert_eq!(code(yes(&mut w)), Refused::CancelRequested);
}
