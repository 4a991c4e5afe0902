//! A row changes only from the version that the decision saw.

use super::fixtures::{changed, flow, flow_id, flows, new, next, step, task, wait, whole_flow};
use super::{Subject, put};
use crate::error::ApplyError;
use clawflow_core::unit::{Change, Unit};
use std::sync::Arc;

fn conflict(result: Result<u64, ApplyError>, wanted: (Option<u64>, Option<u64>), name: &str) {
    match result {
        Err(ApplyError::Conflict { what, expected, found }) => {
            assert_eq!((expected, found), wanted, "{what}");
            assert!(what.contains(name), "`{what}` does not name `{name}`");
        }
        other => panic!("a conflict over {name} was expected, not {other:?}"),
    }
}

/// A row that is there is not made again.
pub fn new_rows_must_not_exist(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, whole_flow(1)).expect("a new flow");
    let again = |unit: Unit, name: &str, found| conflict(put(&*store, unit), (None, found), name);
    again(flows(vec![new(flow(1))]), "flow", Some(0));
    let steps = vec![new(Arc::new(step(1, "a", 1)))];
    again(Unit { steps, ..Unit::default() }, "step a", Some(1));
    let tasks = vec![new(Arc::new(task(1, Some(1))))];
    again(Unit { tasks, ..Unit::default() }, "task", Some(1));
    let waits = vec![new(Arc::new(wait(1, 1)))];
    again(Unit { waits, ..Unit::default() }, "wait", Some(1));
    let specs = vec![super::fixtures::spec(1, "abc")];
    again(Unit { specs, ..Unit::default() }, "spec", Some(0));
}

/// A row of another version, or none, is not replaced.
pub fn old_rows_must_be_as_seen(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, whole_flow(1)).expect("a new flow");
    put(&*store, flows(vec![next(changed(&flow(1)))])).expect("a change");
    let stale = put(&*store, flows(vec![next(changed(&flow(1)))]));
    conflict(stale, (Some(0), Some(1)), "flow");
    conflict(put(&*store, flows(vec![next(changed(&flow(2)))])), (Some(0), None), "flow");
    let mut row = step(1, "a", 1);
    row.version = 9;
    let steps = vec![Change { expected: Some(8), row: Arc::new(row) }];
    conflict(put(&*store, Unit { steps, ..Unit::default() }), (Some(8), Some(1)), "step a");
    let mut row = task(7, None);
    row.version = 3;
    let tasks = vec![Change { expected: Some(2), row: Arc::new(row) }];
    conflict(put(&*store, Unit { tasks, ..Unit::default() }), (Some(2), None), "task");
    let mut row = wait(1, 1);
    row.version = 3;
    let waits = vec![Change { expected: Some(2), row: Arc::new(row) }];
    conflict(put(&*store, Unit { waits, ..Unit::default() }), (Some(2), Some(1)), "wait");
    let found = store.load(&flow_id(1)).expect("load").expect("the flow");
    assert_eq!(found.flow.revision, 1);
}

/// A change that does not raise the version is a bug of the caller.
pub fn versions_grow(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, whole_flow(1)).expect("a new flow");
    let same = Change { expected: Some(0), row: flow(1) };
    assert!(matches!(put(&*store, flows(vec![same])), Err(ApplyError::Invalid { .. })));
    let twice = flows(vec![next(changed(&flow(1))), next(changed(&flow(1)))]);
    assert!(matches!(put(&*store, twice), Err(ApplyError::Invalid { .. })));
}
