//! What a person may mean by a word.

use super::fixtures::{OWNER, ended, flow, flow_id, flows, new, next, task, task_id, tasks};
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
    let tasks = store.find_tasks(None, token).expect("find");
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
    assert_eq!(found_tasks(&*store, OWNER), [task_id(6)]);
    assert_eq!(found_tasks(&*store, "nobody"), []);
}

/// With an owner it is as if there were no tasks of others, however many there are.
pub fn tasks_of_others_hide_none(subject: &mut dyn Subject) {
    let store = subject.open();
    let run = |n, owner: &str| Task {
        run_id: Some("run".into()),
        child_session_key: Some(format!("child of {n}")),
        owner_key: owner.into(),
        ..task(n, None)
    };
    let others = (1..=12).map(|n| run(n, "x"));
    let mine = Task { run_id: Some("00000001".into()), ..run(14, "y") };
    put(&*store, tasks(others.chain([run(13, "y"), mine]).collect())).expect("new tasks");
    let found = |token: &str| {
        let found = store.find_tasks(Some("y"), token).expect("find");
        found.into_iter().map(|task| task.task_id).collect::<Vec<_>>()
    };
    assert_eq!(found("run"), [task_id(13)], "more than ten others have it too");
    assert_eq!(found("00000001"), [14, 13].map(task_id), "a part of the ids of both");
    assert_eq!(found("00000002"), []);
    assert_eq!(found(task_id(13).as_str()), [task_id(13)]);
    assert_eq!(found("child of 13"), [task_id(13)]);
    assert_eq!(found("y"), [task_id(14)]);
    for foreign in [task_id(1).as_str(), "child of 1", "x"] {
        assert_eq!(found(foreign), [], "{foreign}");
    }
}

/// A key names a flow of its owner: the live one, else the newest; the latest is the newest of all.
pub fn flows_of_an_owner_are_found(subject: &mut dyn Subject) {
    let store = subject.open();
    let rows = [owned(1, "x", Some("k")), owned(2, "y", Some("k")), owned(3, "x", None)];
    put(&*store, flows(rows.iter().cloned().map(new).collect())).expect("new flows");
    let of_key = |owner, key| {
        let found = store.flow_of_key(owner, key).expect("flow of key");
        found.map(|flow| flow.flow_id)
    };
    let latest = |owner| store.latest_flow(owner).expect("latest").map(|flow| flow.flow_id);
    assert_eq!(of_key("x", "k"), Some(flow_id(1)));
    assert_eq!(of_key("y", "k"), Some(flow_id(2)));
    assert_eq!((of_key("x", "j"), of_key("z", "k")), (None, None));
    put(&*store, flows(vec![next(ended(&rows[0])), next(ended(&rows[2]))])).expect("ends");
    put(&*store, flows(vec![new(ended(&owned(5, "x", Some("k"))))])).expect("a second");
    assert_eq!(of_key("x", "k"), Some(flow_id(5)), "the newest of the ended");
    assert_eq!(latest("x"), Some(flow_id(5)), "though it has ended");
    put(&*store, flows(vec![new(owned(4, "x", Some("k")))])).expect("a live one");
    assert_eq!(of_key("x", "k"), Some(flow_id(4)), "live before newest");
    assert_eq!((latest("x"), latest("y"), latest("z")), (Some(flow_id(5)), Some(flow_id(2)), None));
}

/// A run id names one task of an owner, flow and runtime: the first.
pub fn tasks_of_a_run_are_found(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, flows(vec![new(flow(1)), new(flow(2))])).expect("flows");
    let run = |n, flow| Task { run_id: Some("r".into()), runtime: Runtime::Acp, ..task(n, flow) };
    let other = Task { runtime: Runtime::Cli, ..run(1, Some(1)) };
    let rows = vec![other, run(2, None), run(3, Some(2)), run(5, Some(1)), run(4, Some(1))];
    put(&*store, tasks(rows)).expect("tasks");
    let found = |owner, flow, runtime, run| {
        let found = store.task_of_run(owner, &flow_id(flow), runtime, run).expect("task of run");
        found.map(|task| task.task_id)
    };
    assert_eq!(found(OWNER, 1, Runtime::Acp, "r"), Some(task_id(4)));
    assert_eq!(found(OWNER, 1, Runtime::Cli, "r"), Some(task_id(1)));
    assert_eq!(found(OWNER, 2, Runtime::Acp, "r"), Some(task_id(3)));
    assert_eq!(found(OWNER, 2, Runtime::Cli, "r"), None);
    assert_eq!(found(OWNER, 1, Runtime::Acp, "s"), None);
    assert_eq!(found("x", 1, Runtime::Acp, "r"), None);
}
