//! Who waits for an event.

use super::fixtures::{OWNER, ended, event, flow, flow_id, flows, new, next, task, wait, wait_id};
use super::{Subject, put};
use crate::store::Store;
use clawflow_core::flow::Flow;
use clawflow_core::ids::WaitId;
use clawflow_core::task::{Task, TaskStatus};
use clawflow_core::unit::{Change, Unit};
use clawflow_core::wait::{Wait, WaitKind, WaitState};
use std::sync::Arc;

fn waits(rows: Vec<Wait>) -> Unit {
    let waits = rows.into_iter().map(|row| new(Arc::new(row))).collect();
    Unit { waits, ..Unit::default() }
}

fn on(kind: WaitKind, target: &str, n: u64, flow: u64) -> Wait {
    Wait { kind, target: Some(target.to_owned()), ..wait(n, flow) }
}

fn of_event(name: &str, key: Option<&str>, n: u64, flow: u64) -> Wait {
    Wait { event_key: key.map(str::to_owned), ..on(WaitKind::Event, name, n, flow) }
}

fn found(
    store: &dyn Store,
    owner: &str,
    name: &str,
    key: Option<&str>,
    flow: Option<u64>,
) -> Vec<WaitId> {
    let flow = flow.map(flow_id);
    let found = store.open_event_waits(owner, name, key, flow.as_ref()).expect("waits");
    found.into_iter().map(|wait| wait.wait_id).collect()
}

/// By owner, name and key; a wait without a key takes any.
pub fn those_who_match_are_named(subject: &mut dyn Subject) {
    let store = subject.open();
    let others = Flow { owner_key: "x".to_owned(), ..flow(3) };
    let rows = vec![
        of_event("a", Some("k"), 6, 1),
        of_event("a", None, 5, 2),
        of_event("a", Some("l"), 4, 2),
        of_event("b", Some("k"), 3, 1),
        of_event("a", None, 2, 3),
        on(WaitKind::Input, "a", 1, 1),
    ];
    let unit =
        Unit { flows: flows(vec![new(flow(1)), new(flow(2)), new(others)]).flows, ..waits(rows) };
    put(&*store, unit).expect("flows that wait");
    assert_eq!(found(&*store, OWNER, "a", Some("k"), None), [5, 6].map(wait_id));
    assert_eq!(found(&*store, OWNER, "a", Some("l"), None), [4, 5].map(wait_id));
    assert_eq!(found(&*store, OWNER, "a", Some("m"), None), [wait_id(5)]);
    assert_eq!(found(&*store, OWNER, "a", None, None), [wait_id(5)], "the others want a key");
    assert_eq!(found(&*store, OWNER, "a", Some("k"), Some(1)), [wait_id(6)]);
    assert_eq!(found(&*store, OWNER, "a", Some("k"), Some(3)), [], "it is another's");
    assert_eq!(found(&*store, "x", "a", Some("k"), None), [wait_id(2)]);
    assert_eq!(found(&*store, OWNER, "c", Some("k"), None), []);
}

/// What was answered, or belongs to an ended flow, waits no more.
pub fn only_live_and_open_ones_count(subject: &mut dyn Subject) {
    let store = subject.open();
    let about = |n| of_event("a", None, n, n);
    let unit = Unit {
        flows: (1..=3).map(|n| new(flow(n))).collect(),
        ..waits((1..=3).map(about).collect())
    };
    put(&*store, unit).expect("flows that wait");
    let close = |row: Wait| {
        let state = WaitState::Cancelled;
        let row = Wait { version: 2, state, closed_at: Some(5), ..row };
        Change { expected: Some(1), row: Arc::new(row) }
    };
    let unit = Unit { waits: vec![close(about(1))], ..flows(vec![next(ended(&flow(2)))]) };
    put(&*store, unit).expect("an answer and an end");
    assert_eq!(found(&*store, OWNER, "a", None, None), [wait_id(3)]);
    let moved = Wait { version: 2, target: Some("b".to_owned()), ..of_event("a", None, 3, 3) };
    let change = Change { expected: Some(1), row: Arc::new(moved) };
    put(&*store, Unit { waits: vec![change], ..Unit::default() }).expect("another name");
    assert_eq!(found(&*store, OWNER, "a", None, None), []);
    assert_eq!(found(&*store, OWNER, "b", None, None), [wait_id(3)]);
    assert_eq!(store.check().expect("check"), Vec::<String>::new());
}

/// A flow that code drives has no spec and no steps; its open tasks and waits are there.
pub fn a_flow_without_a_spec_is_whole(subject: &mut dyn Subject) {
    let store = subject.open();
    let over = Task { status: TaskStatus::Succeeded, ended_at: Some(3), ..task(1, Some(1)) };
    let row = |row: &Task| new(Arc::new(row.clone()));
    let (open, running) = (task(2, Some(1)), task(3, Some(1)));
    let running = Task { status: TaskStatus::Running, ..running };
    let unit = Unit {
        flows: vec![new(flow(1))],
        tasks: vec![row(&running), row(&over), row(&open)],
        events: vec![event(flow_id(1).as_str(), 1)],
        ..waits(vec![of_event("a", None, 2, 1), on(WaitKind::Timer, "deadline", 1, 1)])
    };
    put(&*store, unit).expect("a flow that code drives");
    let bundle = store.load(&flow_id(1)).expect("load").expect("the flow");
    assert_eq!((bundle.spec, bundle.source, bundle.steps.len()), (None, None, 0));
    assert_eq!(bundle.tasks, [Arc::new(open), Arc::new(running)]);
    let waiting: Vec<_> = bundle.waits.iter().map(|wait| wait.wait_id.clone()).collect();
    assert_eq!(waiting, [1, 2].map(wait_id));
    assert_eq!(bundle.last_event, 1);
}
