//! Outputs and messages.

use super::world::Code;
use crate::world::{World, code};
use clawflow_core::control::{self, ControlDecision};
use clawflow_core::drive;
use clawflow_core::error::{Code as Refused, Refusal};
use clawflow_core::flow::{ENGINE_CONTROLLER, Update};
use serde_json::{Value, json};

fn set(w: &mut Code, name: &str, value: Value) -> Result<ControlDecision, Refusal> {
    w.act(|s, ctx| control::set_output(s, ctx, None, name, value))
}

fn append(w: &mut Code, name: &str, value: Value) -> Result<ControlDecision, Refusal> {
    w.act(|s, ctx| control::append_output(s, ctx, None, name, value))
}

fn say(content: &str) -> Update {
    Update { content: content.to_owned(), ..Update::default() }
}

fn emit(w: &mut Code, update: Update) -> Result<ControlDecision, Refusal> {
    w.act(|s, ctx| control::emit(s, ctx, update, false))
}

#[test]
fn outputs_are_replaced_and_extended() {
    let mut w = Code::new();
    set(&mut w, " n ", json!(1)).unwrap();
    assert_eq!((&w.flow().outputs["n"], w.flow().revision), (&json!(1), 1));
    set(&mut w, "n", json!(1)).unwrap();
    assert_eq!(w.flow().revision, 1, "no change, no revision");
    set(&mut w, "n", Value::Null).unwrap();
    assert_eq!((&w.flow().outputs["n"], w.flow().revision), (&Value::Null, 2));
    append(&mut w, "l", json!("a")).unwrap();
    append(&mut w, "l", json!(["b"])).unwrap();
    assert_eq!(w.flow().outputs["l"], json!(["a", ["b"]]));
    assert_eq!(w.last("flow.output")["how"], json!("append"));
}

#[test]
fn outputs_that_cannot_be_are_refused() {
    let mut w = Code::new();
    set(&mut w, "n", json!(1)).unwrap();
    let large = || json!("x".repeat(200_000));
    set(&mut w, "big", large()).unwrap();
    let refusal = append(&mut w, "n", json!(2)).unwrap_err();
    assert_eq!(refusal.message, "Flow output n is not an array.");
    let refusal = set(&mut w, " ", json!(2)).unwrap_err();
    assert_eq!(refusal.message, "Flow output key is required.");
    assert_eq!(code(set(&mut w, "a\nb", json!(2))), Refused::Invalid);
    assert_eq!(code(set(&mut w, &"x".repeat(300), json!(2))), Refused::Invalid);
    assert_eq!(code(set(&mut w, "b", json!("\0"))), Refused::Invalid);
    assert_eq!(code(set(&mut w, "more", large())), Refused::Invalid, "together");
    assert_eq!(code(set(&mut w, "huge", json!("x".repeat(300_000)))), Refused::Invalid);
    // A request to cancel does not keep a controller from leaving what it has.
    w.record().unwrap();
    w.request_cancel().unwrap();
    set(&mut w, "last", json!(true)).unwrap();
    w.cancel().unwrap();
    assert_eq!(code(set(&mut w, "n", json!(3))), Refused::Terminal);
    assert_eq!(code(append(&mut w, "n", json!(3))), Refused::Terminal);
}

#[test]
fn an_update_is_one_message_and_may_name_the_step() {
    let mut w = Code::new();
    let step = Some("classify".to_owned());
    let update = Update { current_step: step, data: json!({"n": 2}), ..say(" Half way. ") };
    let made = emit(&mut w, update.clone()).unwrap();
    assert_eq!(w.flow().revision, 1);
    let [sent] = made.unit.deliveries.as_slice() else { panic!("{made:?}") };
    assert_eq!((sent.row.content.as_str(), sent.row.kind.as_str()), ("Half way.", "flow.update"));
    let (data, id) = (&sent.row.data, &sent.row.delivery_id);
    assert_eq!((&data["data"], &data["revision"]), (&json!({"n": 2}), &json!(1)));
    assert_eq!(data["currentStep"], json!("classify"));
    let key = format!("flow:{}:update:{id}", w.flow().flow_id);
    assert_eq!(sent.row.idempotency_key, key);
    assert_eq!(w.last("flow.update")["deliveries"], json!([id]));
    // The same step again is no change of the row; without a key it is another message.
    emit(&mut w, update).unwrap();
    assert_eq!((w.flow().revision, w.deliveries.len()), (1, 2));
}

#[test]
fn an_update_with_a_key_is_sent_once() {
    let mut w = Code::new();
    let update = || Update { event_key: Some("k".to_owned()), ..say("x") };
    emit(&mut w, update()).unwrap();
    let key = format!("flow:{}:update:k", w.flow().flow_id);
    assert_eq!(w.deliveries[0].idempotency_key, key);
    let again = w.act(|s, ctx| control::emit(s, ctx, update(), true)).unwrap();
    assert!(again.unit.is_empty());
}

#[test]
fn updates_that_cannot_be_are_refused() {
    let mut w = Code::new();
    let refusal = emit(&mut w, say(" ")).unwrap_err();
    assert_eq!(refusal.message, "Flow update content is required.");
    for bad in [
        say(&"x".repeat(70_000)),
        say("a\0"),
        Update { event_key: Some(" ".to_owned()), ..say("x") },
        Update { current_step: Some(String::new()), ..say("x") },
        Update { data: json!("x".repeat(300_000)), ..say("x") },
    ] {
        assert_eq!(code(emit(&mut w, bad)), Refused::Invalid);
    }
    w.finish().unwrap();
    assert_eq!(code(emit(&mut w, say("x"))), Refused::Terminal);
}

#[test]
fn a_flow_of_the_engine_may_be_spoken_for_but_not_driven() {
    let mut w = World::new("steps: [{id: a, run: x}]");
    let mut owed = 0;
    w.act(|s, ctx| {
        let decision = drive::emit(s, ctx, say("half way"), false)?;
        owed = decision.unit.deliveries.len();
        Ok(decision)
    })
    .unwrap();
    assert_eq!(owed, 1);
    w.act(|s, ctx| drive::emit(s, ctx, say("half way"), true)).unwrap();
    let step = Update { current_step: Some("a".to_owned()), ..say("x") };
    assert_eq!(code(w.act(|s, ctx| drive::emit(s, ctx, step, false))), Refused::EngineOwned);
    w.ok("a");
    assert_eq!(code(w.act(|s, ctx| drive::emit(s, ctx, say("x"), false))), Refused::Terminal);
    let mut c = Code::new();
    let mut state = c.state.clone();
    state.flow.controller_id = Some(ENGINE_CONTROLLER.to_owned());
    let refused = [
        code(c.act(|_, ctx| control::emit(&state, ctx, say("x"), false))),
        code(c.act(|_, ctx| control::set_output(&state, ctx, Some(9), "n", json!(1)))),
        code(c.act(|_, ctx| control::cancel(&state, ctx, Some(9), ""))),
        code(c.act(|_, ctx| control::pause(&state, ctx, Some(9), ""))),
        code(c.act(|_, ctx| control::resume(&state, ctx, Some(9), Default::default(), false))),
        code(c.act(|_, ctx| control::finish(&state, ctx, Some(9), Default::default()))),
        code(c.act(|_, ctx| control::cancel_task(&state, ctx, &"task_x".into(), ""))),
        code(c.act(|_, ctx| control::wait_due(&state, ctx, &"wait_x".into()))),
    ];
    assert_eq!(refused, [Refused::EngineOwned; 8]);
}
