//! What audits ask, and what looks after the store.

use super::fixtures::{ended, flow, flow_id, flows, new, next, step, task, tasks, wait, wait_id};
use super::{Subject, put};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::ids::FlowId;
use clawflow_core::step::{Step, StepStatus};
use clawflow_core::unit::Unit;
use clawflow_core::wait::{Wait, WaitKind, WaitState};
use std::sync::Arc;

/// Live flows of a state, in pages, each with whether a task, a wait, a retry or a child holds it.
pub fn live_flows_are_held_or_not(subject: &mut dyn Subject) {
    let store = subject.open();
    let child = Flow { parent_flow_id: Some(flow_id(4)), ..flow(7) };
    let waiting = Flow { status: FlowStatus::Waiting, ..flow(8) };
    let mut rows: Vec<_> = (1..=6).map(|n| new(flow(n))).collect();
    rows.extend([new(child), new(waiting)]);
    put(&*store, flows(rows)).expect("flows");
    put(&*store, tasks(vec![task(1, Some(1))])).expect("a task");
    let over = Wait { state: WaitState::Resolved, closed_at: Some(9), ..wait(5, 5) };
    let waits = vec![new(Arc::new(wait(2, 2))), new(Arc::new(over))];
    let again = Step { status: StepStatus::Retrying, due_at: Some(9), ..step(3, "a", 0) };
    let steps = vec![new(Arc::new(again)), new(Arc::new(step(5, "a", 0)))];
    put(&*store, Unit { waits, steps, ..Unit::default() }).expect("waits and steps");
    put(&*store, flows(vec![next(ended(&flow(6)))])).expect("an end");
    let page = |status, after: Option<&FlowId>, limit| -> Vec<(FlowId, bool)> {
        let found = store.upkeep().live_flows(status, after, limit).expect("flows");
        found.into_iter().map(|live| (live.flow.flow_id, live.held)).collect()
    };
    let held = [1, 2, 3, 4].map(|n| (flow_id(n), true));
    let free = [5, 7].map(|n| (flow_id(n), false));
    assert_eq!(page(FlowStatus::Running, None, 9), [&held[..], &free[..]].concat());
    assert_eq!(page(FlowStatus::Running, Some(&flow_id(3)), 2), [held[3].clone(), free[0].clone()]);
    assert_eq!(page(FlowStatus::Waiting, None, 9), [(flow_id(8), false)]);
    assert_eq!(page(FlowStatus::Succeeded, None, 9), [], "what has ended is not live");
}

/// Open waits of one kind of live flows, in pages, with their owners.
pub fn open_waits_are_found_by_kind(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, flows((1..=2).map(|n| new(flow(n))).collect())).expect("flows");
    let of = |n, flow, kind| Wait { kind, ..wait(n, flow) };
    let over =
        Wait { state: WaitState::Cancelled, closed_at: Some(9), ..of(4, 1, WaitKind::InDoubt) };
    let rows = [
        of(1, 1, WaitKind::InDoubt),
        of(2, 2, WaitKind::InDoubt),
        of(3, 1, WaitKind::Task),
        over,
        of(5, 1, WaitKind::InDoubt),
    ];
    let waits = rows.iter().map(|row| new(Arc::new(row.clone()))).collect();
    put(&*store, Unit { waits, ..Unit::default() }).expect("waits");
    put(&*store, flows(vec![next(ended(&flow(2)))])).expect("an end");
    let found = store.upkeep().open_waits(WaitKind::InDoubt, None, 9).expect("waits");
    assert_eq!(found.iter().map(|one| &one.wait).collect::<Vec<_>>(), [&rows[0], &rows[4]]);
    assert!(found.iter().all(|one| one.owner_key == super::fixtures::OWNER));
    let later = store.upkeep().open_waits(WaitKind::InDoubt, Some(&wait_id(1)), 1).expect("waits");
    assert_eq!(later, found[1..]);
    assert_eq!(store.upkeep().open_waits(WaitKind::Event, None, 9).expect("waits"), []);
}

/// A checkpoint and a vacuum change nothing that anybody has written, and the store goes on.
pub fn looking_after_it_changes_nothing(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, flows((1..=50).map(|n| new(flow(n))).collect())).expect("flows");
    put(&*store, flows((1..=40).map(|n| next(ended(&flow(n)))).collect())).expect("ends");
    let gone = (1..=40).map(flow_id).collect();
    put(&*store, Unit { purges: gone, ..Unit::default() }).expect("a purge");
    store.upkeep().checkpoint().expect("a checkpoint");
    store.upkeep().vacuum().expect("a vacuum");
    let size = store.upkeep().size().expect("a size");
    assert_eq!(size.free, 0, "{size:?}");
    assert_eq!(store.upkeep().quick_check(), Ok(Vec::new()));
    assert_eq!(store.check(), Ok(Vec::new()));
    put(&*store, flows(vec![new(flow(60))])).expect("it goes on");
    for n in [41, 50, 60] {
        assert!(store.load(&flow_id(n)).expect("flow").is_some(), "{n}");
    }
    assert!(store.load(&flow_id(40)).expect("none").is_none());
}
