//! A row that was only read must still be as it was.

use super::fixtures::{changed, flow, flows, guard, next, task, task_id, tasks, whole_flow};
use super::{Subject, put};
use crate::error::ApplyError;
use clawflow_core::unit::Unit;

/// A change of the flow that came first stops the start.
pub fn a_guard_holds_its_flow(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, whole_flow(1)).expect("a new flow");
    let start =
        |n, revision| Unit { guards: vec![guard(1, revision)], ..tasks(vec![task(n, Some(1))]) };
    put(&*store, start(10, 0)).expect("the flow is as it was");
    put(&*store, flows(vec![next(changed(&flow(1)))])).expect("a change");
    match put(&*store, start(11, 0)) {
        Err(ApplyError::Conflict { expected: Some(0), found: Some(1), .. }) => {}
        other => panic!("the guard did not hold: {other:?}"),
    }
    assert_eq!(store.task(&task_id(11)).expect("task"), None);
    put(&*store, start(11, 1)).expect("decided again");
}

/// A guard on a flow that is gone fails.
pub fn a_guard_on_nothing_fails(subject: &mut dyn Subject) {
    let store = subject.open();
    let unit = Unit { guards: vec![guard(1, 0)], ..tasks(vec![task(1, None)]) };
    match put(&*store, unit) {
        Err(ApplyError::Conflict { expected: Some(0), found: None, .. }) => {}
        other => panic!("the guard did not hold: {other:?}"),
    }
}
