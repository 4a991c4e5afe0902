//! What has ended, owes nothing and may go.

use super::fixtures::{
    deliveries, delivery, ended, event, flow, flow_id, flows, in_state, moved, new, next, task,
    task_id, tasks,
};
use super::{Subject, put};
use crate::query::{EndedTask, EventFilter, Owners};
use clawflow_core::delivery::{Delivery, DeliveryState};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::ids::TaskId;
use clawflow_core::task::{Executor, Task, TaskStatus};
use clawflow_core::unit::Unit;

/// Flows that live, have ended lately, owe a message or have an open task are not named.
pub fn flows_that_may_go_are_named(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, flows((1..=5).map(|n| new(flow(n))).collect())).expect("flows");
    put(&*store, flows((1..=4).map(|n| next(ended(&flow(n)))).collect())).expect("ends");
    let at = ended(&flow(4)).ended_at.expect("an end");
    let status = ended(&flow(1)).status;
    put(&*store, deliveries(vec![new(delivery(2, Some(2)))])).expect("a message");
    put(&*store, tasks(vec![task(3, Some(3))])).expect("a task");
    let named = |before, after: Option<u64>, limit| {
        let after = after.map(flow_id);
        store.ended_flows(status, before, &Owners::default(), after.as_ref(), limit).expect("flows")
    };
    assert_eq!(named(at, None, 10), [flow_id(1)]);
    assert_eq!(named(at + 1, None, 10), [flow_id(1), flow_id(4)]);
    assert_eq!(named(at + 1, None, 1), [flow_id(1)]);
    assert_eq!(named(at + 1, Some(1), 10), [flow_id(4)]);
    let sent = moved(&delivery(2, Some(2)), DeliveryState::Acknowledged);
    put(&*store, deliveries(vec![sent])).expect("it is acknowledged");
    assert_eq!(named(at + 1, None, 10), [flow_id(1), flow_id(2), flow_id(4)]);
    let below = |n, parent| Flow { parent_flow_id: Some(flow_id(parent)), ..flow(n) };
    let family = vec![new(below(6, 5)), new(flow(7)), new(below(8, 7))];
    put(&*store, flows(family)).expect("children");
    let over = vec![next(ended(&below(6, 5))), next(ended(&flow(7)))];
    put(&*store, flows(over)).expect("ends");
    assert_eq!(named(i64::MAX, Some(4), 10), [], "a parent or child of theirs lives");
    put(&*store, flows(vec![next(ended(&flow(5)))])).expect("an end");
    assert_eq!(named(i64::MAX, Some(4), 10), [flow_id(5), flow_id(6)]);
    let other = FlowStatus::ALL.iter().filter(|other| **other != status);
    for other in other {
        let none = store.ended_flows(*other, i64::MAX, &Owners::default(), None, 10);
        assert_eq!(none.expect("flows"), []);
    }
}

/// Only tasks of their own go, with their history, once nothing is owed for them.
pub fn tasks_that_may_go_are_forgotten(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, flows(vec![new(flow(9))])).expect("a flow");
    let over = |n, flow| Task {
        status: TaskStatus::Failed,
        ended_at: Some(10),
        executor: Some(Executor { boot_id: "boot".to_owned(), ..Executor::default() }),
        ..task(n, flow)
    };
    let rows = vec![over(1, None), over(2, None), over(3, Some(9)), task(4, None), over(5, None)];
    let history = (1..=5).map(|n| event(task_id(n).as_str(), 1)).collect();
    put(&*store, Unit { events: history, ..tasks(rows) }).expect("tasks");
    let owed = Delivery { task_id: Some(task_id(2)), ..delivery(2, None) };
    put(&*store, deliveries(vec![new(owed.clone())])).expect("a message");
    let named = |before| -> Vec<TaskId> {
        let named = store
            .ended_tasks(TaskStatus::Failed, before, &Owners::default(), None, 10)
            .expect("tasks");
        named.into_iter().map(|task| task.task_id).collect()
    };
    assert_eq!(named(10), []);
    assert_eq!(named(11), [task_id(1), task_id(5)]);
    let all = Owners::default();
    let after = store.ended_tasks(TaskStatus::Failed, 11, &all, Some(&task_id(1)), 10);
    let after = after.expect("tasks");
    let boot_id = Some("boot".to_owned());
    let fence = over(5, None).fence;
    assert_eq!(after, [EndedTask { task_id: task_id(5), boot_id, fence }]);
    let all: Vec<TaskId> = (1..=6).map(task_id).collect();
    assert_eq!(store.forget_tasks(&all), Ok(2));
    assert_eq!(store.forget_tasks(&all), Ok(0));
    for n in 1..=5 {
        let kept = [2, 3, 4].contains(&n);
        assert_eq!(store.task(&task_id(n)).expect("task").is_some(), kept, "{n}");
        assert_eq!(store.last_event(task_id(n).as_str()), Ok(u64::from(kept)), "{n}");
    }
    let seq = store.last_seq().expect("seq");
    let sent = Delivery { task_id: Some(task_id(2)), ..in_state(&owed, DeliveryState::Failed) };
    put(&*store, deliveries(vec![moved(&sent, DeliveryState::Failed)])).expect("given up");
    assert_eq!(store.forget_tasks(&all), Ok(1));
    let events = store.events(&EventFilter { limit: 10, ..EventFilter::default() });
    assert_eq!(events.expect("events").len(), 2);
    assert_eq!(store.last_seq(), Ok(seq), "places are not given again");
    assert_eq!(store.check().expect("check"), Vec::<String>::new());
}

/// Owners are chosen and spared by patterns, in which only `*` is more than itself.
pub fn owners_are_chosen_and_spared(subject: &mut dyn Subject) {
    let store = subject.open();
    let keys = ["agent:a:main", "agent:b:main", "agent:b:x", "odd[1]?", "odd1z"];
    let numbered = || (1..).zip(keys);
    let of = |n, owner: &str| Flow { owner_key: owner.to_owned(), ..flow(n) };
    let made = numbered().map(|(n, owner)| new(of(n, owner))).collect();
    put(&*store, flows(made)).expect("flows");
    let over = numbered().map(|(n, owner)| next(ended(&of(n, owner)))).collect();
    put(&*store, flows(over)).expect("ends");
    let rows = numbered().map(|(n, owner)| Task {
        status: TaskStatus::Failed,
        ended_at: Some(9),
        owner_key: owner.to_owned(),
        ..task(n, None)
    });
    put(&*store, tasks(rows.collect())).expect("tasks");
    let named = |only: Option<&str>, except: &[&str]| -> Vec<u64> {
        let except = except.iter().map(|one| (*one).to_owned()).collect();
        let owners = Owners { only: only.map(str::to_owned), except };
        let flows = store.ended_flows(FlowStatus::Succeeded, i64::MAX, &owners, None, 10);
        let tasks = store.ended_tasks(TaskStatus::Failed, i64::MAX, &owners, None, 10);
        let flows = flows.expect("flows");
        let of_tasks = tasks.expect("tasks").into_iter().map(|task| task.task_id);
        let numbers: Vec<u64> = (1..=5).filter(|n| flows.contains(&flow_id(*n))).collect();
        assert_eq!(
            of_tasks.collect::<Vec<_>>(),
            numbers.iter().map(|n| task_id(*n)).collect::<Vec<_>>()
        );
        numbers
    };
    assert_eq!(named(None, &[]), [1, 2, 3, 4, 5]);
    assert_eq!(named(Some("agent:b:*"), &[]), [2, 3]);
    assert_eq!(named(Some("agent:*"), &["*:main"]), [3]);
    assert_eq!(named(None, &["agent:a:main", "agent:b:*"]), [4, 5]);
    assert_eq!(named(Some("odd[1]?"), &[]), [4], "brackets and question marks are themselves");
    assert_eq!(named(Some("nobody"), &[]), Vec::<u64>::new());
}
