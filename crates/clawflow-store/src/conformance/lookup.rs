//! What a person may mean by a word.

use super::fixtures::{ended, flow, flow_id, flows, new, next, task, task_id, tasks};
use super::{Subject, put};
use crate::store::Store;
use clawflow_core::flow::Flow;
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::task::{Runtime, Task};

fn found(store: &dyn Store, token: &str) -> Vec<FlowId> {
    let flows = store.find_flows(token).expect("find");
    flows.into_iter().map(|flow| flow.flow_id).collect()
}

fn found_tasks(store: &dyn Store, token: &str) -> Vec<TaskId> {
    let tasks = store.find_tasks(token).expect("find");
    tasks.into_iter().map(|task| task.task_id).collect()
}

fn owned(n: u64, owner: &str, key: Option<&str>) -> Flow {
    Flow { owner_key: owner.to_owned(), key: key.map(str::to_owned), ..flow(n) }
}

/// By id, by key (live before newest), by owner (live before newest).
pub fn flows_are_found(subject: &mut dyn Subject) {
    let store = subject.open();
    let rows = vec![owned(1, "x", Some("k")), owned(2, "x", None), owned(3, "y", Some("k"))];
    put(&*store, flows(rows.into_iter().map(new).collect())).expect("new flows");
    assert_eq!(found(&*store, flow_id(1).as_str()), [flow_id(1)]);
    assert_eq!(found(&*store, "k"), [flow_id(3), flow_id(1)], "both are live");
    assert_eq!(found(&*store, "x"), [flow_id(2)], "the newest");
    assert_eq!(found(&*store, "nobody"), []);
    put(&*store, flows(vec![next(ended(&owned(3, "y", Some("k"))))])).expect("an end");
    assert_eq!(found(&*store, "k"), [flow_id(1)], "the live one only");
    assert_eq!(found(&*store, "y"), [flow_id(3)], "none is live");
    let ends = vec![next(ended(&owned(1, "x", Some("k")))), next(ended(&owned(2, "x", None)))];
    put(&*store, flows(ends)).expect("ends");
    assert_eq!(found(&*store, "k"), [flow_id(3)], "the newest of the ended");
    put(&*store, flows(vec![new(owned(0, "x", None))])).expect("an old live flow");
    assert_eq!(found(&*store, "x"), [flow_id(0)], "live before newest");
    put(&*store, flows(vec![new(owned(9, "z", Some("x")))])).expect("a key like an owner");
    assert_eq!(found(&*store, "x"), [flow_id(9)], "a key before an owner");
}

/// Parts of ids need 8 characters and give at most 10.
pub fn parts_of_ids_are_found(subject: &mut dyn Subject) {
    let store = subject.open();
    let rows = (1..=12).map(|n| new(flow(n))).collect();
    put(&*store, flows(rows)).expect("new flows");
    put(&*store, tasks((1..=12).map(|n| task(n, None)).collect())).expect("new tasks");
    assert_eq!(found(&*store, "00000012"), [flow_id(12)]);
    assert_eq!(found(&*store, "0000012"), [], "too short");
    let newest: Vec<_> = (3..=12).rev().map(flow_id).collect();
    assert_eq!(found(&*store, "00000000"), newest);
    assert_eq!(found_tasks(&*store, "00000012"), [task_id(12)]);
    let newest: Vec<_> = (3..=12).rev().map(task_id).collect();
    assert_eq!(found_tasks(&*store, "00000000"), newest);
    assert_eq!(found(&*store, "0000%012"), [], "no pattern");
}

/// By id, by run (not `cli` first, then oldest), by session (newest).
pub fn tasks_are_found(subject: &mut dyn Subject) {
    let store = subject.open();
    let run = |n, runtime| Task { run_id: Some("run".into()), runtime, ..task(n, None) };
    let session = |n| Task { child_session_key: Some("child".into()), ..task(n, None) };
    let rows = vec![
        run(1, Runtime::Cli),
        run(2, Runtime::Cli),
        run(3, Runtime::Acp),
        run(4, Runtime::Subagent),
        session(5),
        session(6),
    ];
    put(&*store, tasks(rows)).expect("new tasks");
    assert_eq!(found_tasks(&*store, task_id(1).as_str()), [task_id(1)]);
    assert_eq!(found_tasks(&*store, "run"), [3, 4, 1, 2].map(task_id));
    assert_eq!(found_tasks(&*store, "child"), [task_id(6)]);
    assert_eq!(found_tasks(&*store, super::fixtures::OWNER), [task_id(6)]);
    assert_eq!(found_tasks(&*store, "nobody"), []);
}
