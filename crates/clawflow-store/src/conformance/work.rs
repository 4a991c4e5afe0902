//! What a gateway has to look at when it starts.

use super::fixtures::{flow, flow_id, flows, new, task, task_id, tasks};
use super::{Reopened, Subject, put};
use clawflow_core::task::TaskStatus;

/// Open tasks, oldest first.
pub fn it_names_open_tasks(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, flows((1..=2).map(|n| new(flow(n))).collect())).expect("flows");
    let mut running = task(1, Some(2));
    running.status = TaskStatus::Running;
    let mut over = task(2, Some(2));
    (over.status, over.ended_at) = (TaskStatus::Lost, Some(4));
    put(&*store, tasks(vec![task(3, None), over, running, task(4, Some(1))])).expect("tasks");
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
