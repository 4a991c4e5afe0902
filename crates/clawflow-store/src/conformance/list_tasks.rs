//! Pages of tasks.

use super::fixtures::{flow, flows, new, task, task_id, tasks};
use super::{Subject, put};
use crate::query::{TaskCounts, TaskFilter};
use crate::store::Store;
use clawflow_core::ids::TaskId;
use clawflow_core::task::{Runtime, Task, TaskStatus};

fn page(store: &dyn Store, filter: TaskFilter) -> Vec<TaskId> {
    let rows = store.list_tasks(&filter).expect("list");
    rows.into_iter().map(|row| row.task_id).collect()
}

fn ids<const N: usize>(ids: [u64; N]) -> Vec<TaskId> {
    ids.into_iter().map(task_id).collect()
}

/// One task in each state from number 1 on, in the order of [`TaskStatus::ALL`]; then as many of
/// flow 1, then as many of the owner `x`.
fn fill(store: &dyn Store) {
    put(store, flows(vec![new(flow(1))])).expect("a flow");
    let mut rows = Vec::new();
    for (flow, owner) in [(None, None), (Some(1), None), (None, Some("x"))] {
        for status in TaskStatus::ALL {
            let mut row = task(rows.len() as u64 + 1, flow);
            row.status = *status;
            row.ended_at = status.is_terminal().then_some(5);
            row.owner_key = owner.map_or(row.owner_key, str::to_owned);
            rows.push(row);
        }
    }
    put(store, tasks(rows)).expect("tasks");
}

/// Pages follow one another without gap or overlap.
pub fn pages_are_newest_first(subject: &mut dyn Subject) {
    let store = subject.open();
    fill(&*store);
    let all = TaskFilter { limit: 3, ..TaskFilter::default() };
    assert_eq!(page(&*store, all.clone()), ids([21, 20, 19]));
    let second = TaskFilter { after: Some(task_id(19)), ..all.clone() };
    assert_eq!(page(&*store, second), ids([18, 17, 16]));
    assert_eq!(page(&*store, TaskFilter { limit: 0, ..all.clone() }), ids([]));
    assert_eq!(page(&*store, TaskFilter { limit: usize::MAX, ..all }).len(), 21);
}

/// Every condition must hold.
pub fn filters_combine(subject: &mut dyn Subject) {
    let store = subject.open();
    fill(&*store);
    let all = TaskFilter { limit: 100, ..TaskFilter::default() };
    for (at, status) in TaskStatus::ALL.iter().enumerate() {
        let n = at as u64 + 1;
        let one = TaskFilter { statuses: vec![*status, *status], ..all.clone() };
        assert_eq!(page(&*store, one.clone()), ids([n + 14, n + 7, n]), "{status}");
        let of_flow = TaskFilter { flow_id: Some(super::fixtures::flow_id(1)), ..one.clone() };
        assert_eq!(page(&*store, of_flow.clone()), ids([n + 7]), "{status}");
        let of_x = TaskFilter { owner_key: Some("x".to_owned()), ..one };
        assert_eq!(page(&*store, of_x), ids([n + 14]), "{status}");
        let of_both = TaskFilter { owner_key: Some("x".to_owned()), ..of_flow };
        assert_eq!(page(&*store, of_both), ids([]), "{status}");
    }
    let statuses = vec![TaskStatus::Lost, TaskStatus::Queued, TaskStatus::Failed];
    let some = TaskFilter { statuses, created_since: Some(8), limit: 5, ..all };
    assert_eq!(page(&*store, some), ids([21, 18, 15, 14, 11]));
    let word: Vec<Task> = store
        .list_tasks(&TaskFilter {
            statuses: vec![TaskStatus::Succeeded, TaskStatus::Failed],
            limit: 2,
            ..TaskFilter::default()
        })
        .expect("list");
    assert_eq!(word[0].task_id, task_id(18));
}

/// Runtime, label and time are conditions as the others are.
pub fn rare_tasks_are_found_among_many(subject: &mut dyn Subject) {
    let store = subject.open();
    fill(&*store);
    let labelled = |n, label: &str, runtime| Task {
        label: Some(label.to_owned()),
        runtime,
        created_at: 1_000_000_000_000,
        ..task(n, None)
    };
    let rows = vec![
        labelled(31, "backup", Runtime::External),
        labelled(32, "backup", Runtime::Cron),
        labelled(33, "rotate", Runtime::Cron),
    ];
    put(&*store, tasks(rows)).expect("tasks");
    let all = TaskFilter { limit: 100, ..TaskFilter::default() };
    let label = TaskFilter { label: Some("backup".to_owned()), ..all.clone() };
    assert_eq!(page(&*store, label.clone()), ids([32, 31]));
    let cron = TaskFilter { runtimes: vec![Runtime::Cron, Runtime::Acp], ..all.clone() };
    assert_eq!(page(&*store, cron.clone()), ids([33, 32]));
    let both = TaskFilter { runtimes: vec![Runtime::Cron], ..label.clone() };
    assert_eq!(page(&*store, both), ids([32]));
    let next = TaskFilter { after: Some(task_id(32)), ..label.clone() };
    assert_eq!(page(&*store, next), ids([31]));
    let foreign = TaskFilter { owner_key: Some("nobody".to_owned()), ..label };
    assert_eq!(page(&*store, foreign), ids([]));
    let none = TaskFilter { statuses: vec![TaskStatus::Lost, TaskStatus::Failed], ..cron };
    assert_eq!(page(&*store, none), ids([]));
}

/// All tasks of a flow, by status and runtime.
pub fn counts_agree(subject: &mut dyn Subject) {
    let store = subject.open();
    fill(&*store);
    let acp = |n, flow| Task { runtime: Runtime::Acp, ..task(n, flow) };
    put(&*store, tasks(vec![acp(31, Some(1)), acp(32, Some(1)), acp(33, None)])).expect("tasks");
    let counts = store.count_tasks(&super::fixtures::flow_id(1)).expect("counts");
    let mut wanted: TaskCounts =
        TaskStatus::ALL.iter().map(|status| ((*status, Runtime::Cli), 1)).collect();
    wanted.insert((TaskStatus::Queued, Runtime::Acp), 2);
    assert_eq!(counts, wanted);
    let none = store.count_tasks(&super::fixtures::flow_id(2)).expect("counts");
    assert_eq!(none, TaskCounts::new());
}
