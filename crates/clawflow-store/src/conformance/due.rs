//! Timers.

use super::fixtures::{ended, flow, flow_id, flows, new, next, step, wait, wait_id};
use super::{Subject, put};
use crate::query::{Due, DueWhat};
use crate::store::Store;
use clawflow_core::Millis;
use clawflow_core::step::{Step, StepStatus};
use clawflow_core::unit::{Change, Unit};
use clawflow_core::wait::{Wait, WaitState};
use std::sync::Arc;

fn retrying(flow: u64, id: &str, at: Millis) -> Step {
    Step { status: StepStatus::Retrying, due_at: Some(at), ..step(flow, id, 0) }
}

/// Flows 1, 2 and 3 with a retry and a deadline each.
fn fill(store: &dyn Store) {
    put(store, flows((1..=3).map(|n| new(flow(n))).collect())).expect("flows");
    let steps = [retrying(1, "a", 30), retrying(2, "a", 10), retrying(3, "a", 20)];
    let times = [20, 10, 40];
    let waits = (1..=3).zip(times).map(|(n, at)| Wait { due_at: Some(at), ..wait(n, n) });
    let unit = Unit {
        steps: steps.into_iter().map(|row| new(Arc::new(row))).collect(),
        waits: waits.map(|row| new(Arc::new(row))).collect(),
        ..Unit::default()
    };
    put(store, unit).expect("timers");
}

fn retry(at: Millis, flow: u64) -> Due {
    Due { at, flow_id: flow_id(flow), what: DueWhat::Retry("a".to_owned()) }
}

fn deadline(at: Millis, n: u64) -> Due {
    Due { at, flow_id: flow_id(n), what: DueWhat::Wait(wait_id(n)) }
}

/// By time; at the same time by flow, steps first.
pub fn timers_are_ordered(subject: &mut dyn Subject) {
    let store = subject.open();
    assert_eq!(store.next_due(None), Ok(None));
    fill(&*store);
    let order = [retry(10, 2), deadline(10, 2), deadline(20, 1), retry(20, 3), retry(30, 1)];
    assert_eq!(store.due(39, None, 100).expect("due"), order);
    assert_eq!(store.due(Millis::MAX, None, 3).expect("due"), order[..3]);
    assert_eq!(store.due(9, None, 3).expect("due"), []);
    assert_eq!(store.due(99, Some(&flow_id(1)), 9).expect("due"), [order[2].clone(), retry(30, 1)]);
    assert_eq!(store.due(29, Some(&flow_id(1)), 9).expect("due"), [order[2].clone()]);
    assert_eq!(store.next_due(None), Ok(Some(10)));
    assert_eq!(store.next_due(Some(&flow_id(3))), Ok(Some(20)));
    assert_eq!(store.next_due(Some(&flow_id(9))), Ok(None));
}

/// What was answered, was retried, or belongs to an ended flow is not due.
pub fn only_live_and_open_ones_count(subject: &mut dyn Subject) {
    let store = subject.open();
    fill(&*store);
    let mut step = retrying(1, "a", 30);
    (step.version, step.status) = (2, StepStatus::Running);
    let closed = Wait {
        version: 2,
        state: WaitState::Resolved,
        closed_at: Some(15),
        due_at: Some(20),
        ..wait(1, 1)
    };
    let unit = Unit {
        flows: vec![next(ended(&flow(2)))],
        steps: vec![Change { expected: Some(1), row: Arc::new(step) }],
        waits: vec![Change { expected: Some(1), row: Arc::new(closed) }],
        ..Unit::default()
    };
    put(&*store, unit).expect("changes");
    assert_eq!(store.due(99, None, 9).expect("due"), [retry(20, 3), deadline(40, 3)]);
    assert_eq!(store.due(99, Some(&flow_id(1)), 9).expect("due"), []);
    assert_eq!(store.due(99, Some(&flow_id(2)), 9).expect("due"), []);
    assert_eq!(store.next_due(Some(&flow_id(2))), Ok(None));
    assert_eq!(store.next_due(None), Ok(Some(20)));
}
