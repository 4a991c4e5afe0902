//! What is stored comes back as it was.

use super::fixtures::{
    OWNER, delivery, delivery_id, event, flow, flow_id, flows, new, outcome, queued, signal, step,
    task, task_id, tasks, token, wait, whole_flow,
};
use super::{Subject, put};
use crate::query::EventFilter;
use clawflow_core::delivery::Delivery;
use clawflow_core::flow::{Flow, Origin};
use clawflow_core::idempotency::Outcome;
use clawflow_core::signal::Signal;
use clawflow_core::step::{Step, StepError, StepResult, StepStatus};
use clawflow_core::task::{Executor, Exit, Task, TaskCommand};
use clawflow_core::token::{Access, Token};
use clawflow_core::unit::Unit;
use clawflow_core::wait::{OnTimeout, Wait, WaitState};
use serde_json::{Value, json};
use std::sync::Arc;

/// A stored `null` is not the same as nothing, and keys keep their order.
pub fn null_is_not_absent(subject: &mut dyn Subject) {
    let store = subject.open();
    let null = Flow { state_json: Some(Value::Null), wait_json: None, ..flow(1) };
    let object = json!({"z": 1, "a": [null, 1.5, -3, u64::MAX, "\u{0}\u{1f600}\""]});
    let some = Flow { state_json: None, wait_json: Some(object), ..flow(2) };
    put(&*store, flows(vec![new(null.clone()), new(some.clone())])).expect("flows");
    let result = StepResult { json: Some(Value::Null), ..StepResult::default() };
    let rows = [
        Step { result: Some(result), ..step(1, "null", 0) },
        Step { result: Some(StepResult::default()), ..step(1, "empty", 1) },
        step(1, "none", 2),
    ];
    let steps = rows.iter().map(|row| new(Arc::new(row.clone()))).collect();
    put(&*store, Unit { steps, ..Unit::default() }).expect("steps");
    let found = store.load(&flow_id(1)).expect("load").expect("flow 1");
    assert_eq!(found.flow, null);
    assert!(found.steps.iter().map(|step| &**step).eq(&rows));
    let found = store.load(&flow_id(2)).expect("load").expect("flow 2");
    assert_eq!(found.flow, some);
    let answered = Wait {
        state: WaitState::Resolved,
        closed_at: Some(1),
        answer: Some(Value::Null),
        ..wait(1, 1)
    };
    let rows = [answered, Wait { answer: None, ..wait(2, 1) }];
    let waits = rows.iter().map(|row| new(Arc::new(row.clone()))).collect();
    put(&*store, Unit { waits, ..Unit::default() }).expect("waits");
    assert_eq!(store.waits(&flow_id(1)).expect("waits"), rows);
    let keys =
        found.flow.wait_json.and_then(|v| v.as_object().map(|o| o.keys().cloned().collect()));
    assert_eq!(keys, Some(vec!["z".to_owned(), "a".to_owned()]));
}

/// Results of 16 MiB come back whole, and lists leave them out.
pub fn large_results_are_kept(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, flows(vec![new(flow(1))])).expect("a flow");
    let text = "0123456789abcde\n".repeat(clawflow_core::limits::RESULT_BYTES_MAX / 16);
    let result = StepResult { stdout: Some(text.into()), ..StepResult::default() };
    let row = Arc::new(Step { result: Some(result), ..step(1, "big", 0) });
    put(&*store, Unit { steps: vec![new(row.clone())], ..Unit::default() }).expect("a step");
    let found = store.load(&flow_id(1)).expect("load").expect("the flow");
    assert!(found.steps == [row.clone()], "the result is not as it was");
    let listed = store.steps(&flow_id(1)).expect("steps");
    assert_eq!(listed, [Step { result: None, ..Step::clone(&row) }]);
}

/// No field of any record is lost.
pub fn every_field_comes_back(subject: &mut dyn Subject) {
    let store = subject.open();
    let mut unit = whole_flow(1);
    let origin =
        Origin { channel: Some("slack".into()), to: Some("C1".into()), ..Origin::default() };
    unit.flows[0].row.requester_origin = Some(origin.clone());
    unit.flows[0].row.labels.insert("team".into(), "a".into());
    unit.flows[0].row.outputs.insert("n".into(), json!({"deep": [1, {"x": null}]}));
    let full = Step {
        status: StepStatus::Failed,
        ended_at: Some(9),
        started_at: Some(3),
        lost_attempts: 2,
        task_id: Some(task_id(1)),
        error: Some(StepError::new("exit", "1")),
        reused_from: Some(flow_id(7)),
        ..step(1, "full", 2)
    };
    unit.steps.push(new(Arc::new(full)));
    let closed = Wait {
        state: WaitState::Resolved,
        closed_at: Some(8),
        answer: Some(json!({"ok": true})),
        answered_by: Some("me".into()),
        approvers: vec!["me".into()],
        on_timeout: Some(OnTimeout::Cancel),
        due_at: Some(99),
        ..wait(2, 1)
    };
    unit.waits.push(new(Arc::new(closed.clone())));
    let mut told = event(flow_id(1).as_str(), 3);
    (told.step_id, told.task_id) = (Some("a".into()), Some("t".into()));
    told.data = json!({"why": "tests"});
    unit.events.push(told.clone());
    put(&*store, unit.clone()).expect("a flow");
    let found = store.load(&flow_id(1)).expect("load").expect("the flow");
    assert_eq!(found.flow, unit.flows[0].row);
    assert_eq!(found.spec.as_ref(), Some(&unit.specs[0]));
    assert_eq!(found.source.as_ref(), Some(&unit.definitions[0].source));
    assert!(found.steps.iter().eq(unit.steps.iter().map(|change| &change.row)), "by position");
    assert_eq!(found.waits, [unit.waits[0].row.clone()], "open ones only");
    assert_eq!(found.last_event, 3);
    assert_eq!(store.waits(&flow_id(1)).expect("waits")[1], closed);
    let filter = EventFilter { after: 2, limit: 9, ..EventFilter::default() };
    assert_eq!(store.events(&filter).expect("events")[0].event, told);

    let busy = Task {
        executor: Some(Executor {
            gateway: "g".into(),
            epoch: 3,
            pid: Some(7),
            ..Executor::default()
        }),
        command: Some(TaskCommand { argv: vec!["true".into()], ..TaskCommand::default() }),
        exit: Some(Exit::StopReason("end_turn".into())),
        requester_origin: Some(origin),
        ..task(5, Some(1))
    };
    put(&*store, tasks(vec![busy.clone()])).expect("a task");
    assert_eq!(store.task(&task_id(5)).expect("task").as_deref(), Some(&busy));
}

/// Messages, signals, tokens and outcomes too.
pub fn what_is_owed_comes_back(subject: &mut dyn Subject) {
    let store = subject.open();
    let data = json!({"z": [null, {"a": u64::MAX}], "b": "\u{0}"});
    let origin = Origin { channel: Some("slack".into()), ..Origin::default() };
    let full = Delivery {
        flow_id: Some(flow_id(9)),
        task_id: Some(task_id(9)),
        data: data.clone(),
        requester_origin: Some(origin),
        attempts: u32::MAX,
        error: Some("503".into()),
        delivered_at: Some(4),
        ..delivery(1, None)
    };
    let signals = vec![
        Signal { key: Some("k".into()), payload: data.clone(), ..signal(1, "s") },
        Signal { payload: Value::Null, ..signal(2, "s") },
    ];
    let bound = Token {
        access: Access::Read,
        owner_key: Some(OWNER.into()),
        expires_at: Some(7),
        revoked_at: Some(8),
        ..token(1)
    };
    let outcomes = vec![Outcome { answer: data, ..outcome("a", 3) }, outcome("b", 4)];
    let unit = Unit {
        flows: vec![new(flow(9))],
        deliveries: vec![new(full.clone()), new(queued(&delivery(2, None)))],
        signals: signals.clone(),
        tokens: vec![new(bound.clone()), new(token(2))],
        outcomes: outcomes.clone(),
        ..Unit::default()
    };
    put(&*store, unit).expect("all of them");
    assert_eq!(store.delivery(&delivery_id(1)), Ok(Some(full)));
    let placed = Delivery { place: Some(1), ..queued(&delivery(2, None)) };
    assert_eq!(store.delivery(&delivery_id(2)), Ok(Some(placed)));
    assert_eq!(store.kept_signals(OWNER, "s", None, 9), Ok(signals));
    assert_eq!(store.list_tokens(), Ok(vec![token(2), bound]));
    assert_eq!(store.outcome(OWNER, "a"), Ok(Some(outcomes[0].clone())));
    assert_eq!(store.outcome(OWNER, "b"), Ok(Some(outcomes[1].clone())), "the answer was null");
    assert_eq!(store.check().expect("check"), Vec::<String>::new());
}

/// Numbers come back to their last bit.
pub fn numbers_are_exact(subject: &mut dyn Subject) {
    let store = subject.open();
    let mut bits = 0x9e37_79b9_7f4a_7c15_u64;
    let numbers = std::iter::repeat_with(|| {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from_bits(bits)
    });
    let numbers: Vec<f64> = numbers.filter(|number| number.is_finite()).take(2000).collect();
    let row = Flow { state_json: Some(json!(numbers)), ..flow(1) };
    put(&*store, flows(vec![new(row.clone())])).expect("a flow");
    let found = store.load(&flow_id(1)).expect("load").expect("the flow");
    assert!(found.flow == row, "a number has changed");
}
