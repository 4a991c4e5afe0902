//! What is in named queues, and when it started.

use super::fixtures::{task, task_id, tasks};
use super::{Reopened, Subject, put};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_core::unit::{Change, Unit};
use std::sync::Arc;

fn in_queue(n: u64, queue: &str, status: TaskStatus) -> Task {
    let started_at = (status != TaskStatus::Queued).then_some(i64::try_from(n).unwrap_or(0));
    let ended_at = status.is_terminal().then_some(100);
    let queue = Some(queue.to_owned());
    Task { queue, priority: Some(-3), status, started_at, ended_at, ..task(n, None) }
}

/// Open tasks of all queues by their state, whole, in order; also after the store was opened again.
pub fn it_knows_what_is_in_queues(subject: &mut dyn Subject) {
    use TaskStatus::{Queued, Running, Succeeded};
    let store = subject.open();
    let rows = [
        in_queue(1, "b", Queued),
        in_queue(2, "a", Running),
        task(3, None),
        in_queue(4, "a", Queued),
        in_queue(5, "a", Succeeded),
        in_queue(6, "a", Queued),
    ];
    put(&*store, tasks(rows.to_vec())).expect("tasks");
    let waiting = [rows[3].clone(), rows[5].clone(), rows[0].clone()];
    assert_eq!(store.tasks_in_queues(Queued).expect("queued"), waiting);
    assert_eq!(store.tasks_in_queues(Running).expect("running"), rows[1..2]);
    assert!(store.tasks_in_queues(Succeeded).expect("ended").is_empty(), "only what is open");
    let begun = Task { version: 2, status: Running, started_at: Some(9), ..rows[3].clone() };
    let change = Change { expected: Some(1), row: Arc::new(begun.clone()) };
    put(&*store, Unit { tasks: vec![change], ..Unit::default() }).expect("a claim");
    if let Reopened::Again(store) = subject.reopen(store) {
        assert_eq!(
            store.tasks_in_queues(Queued).expect("queued"),
            [waiting[1].clone(), waiting[2].clone()]
        );
        assert_eq!(store.tasks_in_queues(Running).expect("running"), [rows[1].clone(), begun]);
    }
}

/// The newest starts of a queue after a time, ended or not, and no others.
pub fn it_knows_when_a_queue_has_started(subject: &mut dyn Subject) {
    use TaskStatus::{Lost, Queued, Running, Succeeded};
    let store = subject.open();
    let rows = vec![
        in_queue(10, "a", Running),
        in_queue(20, "a", Succeeded),
        in_queue(30, "a", Lost),
        in_queue(40, "a", Queued),
        in_queue(50, "b", Running),
        Task { queue: None, ..in_queue(60, "a", Running) },
    ];
    put(&*store, tasks(rows)).expect("tasks");
    let starts = |queue, since, limit| store.queue_starts(queue, since, limit).expect("starts");
    assert_eq!(starts("a", 0, 9), [30, 20, 10]);
    assert_eq!(starts("a", 10, 9), [30, 20], "after the time");
    assert_eq!(starts("a", 0, 2), [30, 20], "the newest ones");
    assert_eq!(starts("b", 0, 9), [50]);
    assert!(starts("c", 0, 9).is_empty() && starts("a", 0, 0).is_empty());
    let begun = Task { version: 2, started_at: Some(45), ..in_queue(40, "a", Running) };
    assert_eq!(begun.task_id, task_id(40));
    let change = Change { expected: Some(1), row: Arc::new(begun) };
    put(&*store, Unit { tasks: vec![change], ..Unit::default() }).expect("a claim");
    assert_eq!(starts("a", 20, 9), [45, 30]);
}
