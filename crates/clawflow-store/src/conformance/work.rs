//! What a gateway has to look at when it starts.

use super::fixtures::{flow, flow_id, flows, new, task, task_id, tasks, wait, wait_id};
use super::{Reopened, Subject, put};
use clawflow_core::ids::{FlowId, WaitId};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_core::unit::{Change, Unit};
use clawflow_core::wait::{Wait, WaitKind, WaitState};
use std::sync::Arc;

/// Open tasks that the engine runs, oldest first.
pub fn it_names_open_tasks(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, flows((1..=2).map(|n| new(flow(n))).collect())).expect("flows");
    let mut running = task(1, Some(2));
    running.status = TaskStatus::Running;
    let mut over = task(2, Some(2));
    (over.status, over.ended_at) = (TaskStatus::Lost, Some(4));
    let theirs = Task { reported: true, ..task(5, Some(1)) };
    let all = vec![task(3, None), over, running, task(4, Some(1)), theirs.clone()];
    put(&*store, tasks(all)).expect("tasks");
    let theirs = Task { version: 2, status: TaskStatus::Running, ..theirs };
    let change = Change { expected: Some(1), row: Arc::new(theirs) };
    put(&*store, Unit { tasks: vec![change], ..Unit::default() }).expect("a report");
    let all = store.work(None).expect("work");
    let wanted = [
        (task_id(1), TaskStatus::Running, Some(flow_id(2))),
        (task_id(3), TaskStatus::Queued, None),
        (task_id(4), TaskStatus::Queued, Some(flow_id(1))),
    ];
    assert_eq!(all.tasks, wanted);
    let two = store.work(Some(&flow_id(2))).expect("work");
    assert_eq!(two.tasks, wanted[..1]);
    let one = store.work(Some(&flow_id(1))).expect("work");
    assert_eq!(one.tasks, wanted[2..]);
}

/// Open waits for child flows, of one flow and of all.
pub fn it_names_those_who_wait_for_a_flow(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, flows((1..=2).map(|n| new(flow(n))).collect())).expect("flows");
    let on = |n: u64, of: u64, kind: WaitKind| {
        let target = Some(flow_id(9).0);
        new(Arc::new(Wait { kind, target, ..wait(n, of) }))
    };
    let mut over = on(4, 1, WaitKind::Flow);
    let row = Arc::make_mut(&mut over.row);
    (row.state, row.closed_at) = (WaitState::Resolved, Some(4));
    let waits = vec![
        on(1, 2, WaitKind::Flow),
        on(2, 1, WaitKind::Flow),
        on(3, 1, WaitKind::Event),
        over,
        on(5, 1, WaitKind::Flow),
    ];
    put(&*store, Unit { waits, ..Unit::default() }).expect("waits");
    let named = |only: Option<&FlowId>| -> Vec<WaitId> {
        let work = store.work(only).expect("work");
        work.children.into_iter().map(|wait| wait.wait_id).collect()
    };
    assert_eq!(named(None), [wait_id(2), wait_id(5), wait_id(1)]);
    assert_eq!(named(Some(&flow_id(2))), [wait_id(1)]);
    let one = store.wait(&wait_id(4)).expect("wait").expect("it is there");
    assert_eq!((one.flow_id, one.state), (flow_id(1), WaitState::Resolved));
    assert_eq!(store.wait(&wait_id(7)), Ok(None));
}

/// Every epoch is larger than all before.
pub fn epochs_grow(subject: &mut dyn Subject) {
    let store = subject.open();
    let first = store.next_epoch().expect("an epoch");
    let second = store.next_epoch().expect("an epoch");
    assert!(0 < first && first < second);
    if let Reopened::Again(store) = subject.reopen(store) {
        assert!(second < store.next_epoch().expect("an epoch"));
    }
}
