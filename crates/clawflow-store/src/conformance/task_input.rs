//! What tasks read on standard input.

use super::fixtures::{ended, flow, flow_id, flows, new, next, task, task_id};
use super::{Reopened, Subject, put};
use crate::error::ApplyError;
use clawflow_core::unit::{TaskInput, Unit};
use std::sync::Arc;

fn with(n: u64, of: Option<u64>, text: &str) -> Unit {
    let input = TaskInput { task_id: task_id(n), text: text.to_owned() };
    Unit { tasks: vec![new(Arc::new(task(n, of)))], inputs: vec![input], ..Unit::default() }
}

/// It is there with its task, whole, and after a restart too.
pub fn it_comes_with_its_task(subject: &mut dyn Subject) {
    let store = subject.open();
    let text = "\u{e9}\n\"$(x)\" ".repeat(100_000);
    put(&*store, with(1, None, &text)).expect("a task");
    put(&*store, with(2, None, "")).expect("another one");
    let plain = Unit { inputs: Vec::new(), ..with(3, None, "") };
    put(&*store, plain).expect("one that reads nothing");
    let (Reopened::Again(store) | Reopened::Same(store)) = subject.reopen(store);
    assert!(store.task_input(&task_id(1)) == Ok(Some(text)));
    assert_eq!(store.task_input(&task_id(2)), Ok(Some(String::new())));
    assert_eq!(store.task_input(&task_id(3)), Ok(None));
    assert_eq!(store.task_input(&task_id(4)), Ok(None));
}

/// It is given once, with the row of a new task.
pub fn it_is_given_once(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, with(1, None, "first")).expect("a task");
    let alone = Unit { tasks: Vec::new(), ..with(1, None, "second") };
    let elsewhere = Unit { inputs: with(9, None, "x").inputs, ..with(2, None, "y") };
    let mut twice = with(3, None, "x");
    twice.inputs.extend(with(3, None, "y").inputs);
    for unit in [alone, elsewhere, twice] {
        let answer = put(&*store, unit);
        assert!(matches!(answer, Err(ApplyError::Invalid { .. })), "{answer:?}");
    }
    assert_eq!(store.task_input(&task_id(1)), Ok(Some("first".to_owned())));
    assert_eq!(store.task_input(&task_id(3)), Ok(None));
}

/// It goes with its task.
pub fn it_goes_with_its_task(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, flows(vec![new(flow(1))])).expect("a flow");
    put(&*store, with(1, Some(1), "x")).expect("its task");
    put(&*store, flows(vec![next(ended(&flow(1)))])).expect("its end");
    put(&*store, Unit { purges: vec![flow_id(1)], ..Unit::default() }).expect("a purge");
    assert_eq!(store.task_input(&task_id(1)), Ok(None));
}
