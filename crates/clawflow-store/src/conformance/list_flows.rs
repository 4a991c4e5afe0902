//! Pages and counts of flows.

use super::fixtures::{changed, ended, flow, flow_id, flows, new, next, task, tasks};
use super::{Subject, put};
use crate::query::FlowFilter;
use crate::store::Store;
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::ids::FlowId;

fn page(store: &dyn Store, filter: FlowFilter) -> Vec<FlowId> {
    let rows = store.list_flows(&filter).expect("list");
    rows.into_iter().map(|row| row.flow.flow_id).collect()
}

fn ids<const N: usize>(ids: [u64; N]) -> Vec<FlowId> {
    ids.into_iter().map(flow_id).collect()
}

/// Six flows: 1, 3, 5 run; 2, 4, 6 end at 1002, 1004, 1006; 5 and 6 belong to `x`.
fn six(store: &dyn Store) {
    for n in 1..=6 {
        let owner_key = if n > 4 { "x".to_owned() } else { flow(n).owner_key };
        let row = Flow { owner_key, ..flow(n) };
        put(store, flows(vec![new(row.clone())])).expect("a new flow");
        if n % 2 == 0 {
            let end = Flow { ended_at: Some(1000 + n.cast_signed()), ..ended(&row) };
            put(store, flows(vec![next(end)])).expect("an end");
        }
    }
}

/// Pages follow one another without gap or overlap.
pub fn pages_are_newest_first(subject: &mut dyn Subject) {
    let store = subject.open();
    six(&*store);
    let all = FlowFilter { limit: 4, ..FlowFilter::default() };
    assert_eq!(page(&*store, all.clone()), ids([6, 5, 4, 3]));
    let second = FlowFilter { after: Some(flow_id(3)), ..all.clone() };
    assert_eq!(page(&*store, second), ids([2, 1]));
    assert_eq!(page(&*store, FlowFilter { limit: 0, ..all.clone() }), ids([]));
    assert_eq!(page(&*store, FlowFilter { limit: usize::MAX, ..all }).len(), 6);
}

/// Every condition must hold.
pub fn filters_combine(subject: &mut dyn Subject) {
    let store = subject.open();
    six(&*store);
    let all = FlowFilter { limit: 100, ..FlowFilter::default() };
    let statuses = vec![FlowStatus::Running, FlowStatus::Running];
    assert_eq!(page(&*store, FlowFilter { statuses, ..all.clone() }), ids([5, 3, 1]));
    let statuses = vec![FlowStatus::Succeeded, FlowStatus::Lost, FlowStatus::Running];
    assert_eq!(page(&*store, FlowFilter { statuses, ..all.clone() }).len(), 6);
    let since = FlowFilter { live_or_ended_since: Some(1004), ..all.clone() };
    assert_eq!(page(&*store, since.clone()), ids([6, 5, 4, 3, 1]));
    let created = FlowFilter { created_since: Some(4), ..since };
    assert_eq!(page(&*store, created.clone()), ids([6, 5, 4]));
    let owner = FlowFilter { owner_key: Some("x".to_owned()), ..created };
    assert_eq!(page(&*store, owner.clone()), ids([6, 5]));
    let ended = FlowFilter { statuses: vec![FlowStatus::Succeeded], ..owner };
    assert_eq!(page(&*store, ended), ids([6]));
    let nobody = FlowFilter { owner_key: Some("nobody".to_owned()), ..all };
    assert_eq!(page(&*store, nobody), ids([]));
}

/// By the name of the workflow, by labels, and by whether they were tried again; pages stay whole.
pub fn they_are_found_by_what_is_inside(subject: &mut dyn Subject) {
    let store = subject.open();
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    for n in 1..=6 {
        let name = Some(if n < 5 { "report" } else { "other" }.to_owned());
        let odd = if n % 2 == 0 { label("team", "ops") } else { label("team", "dev") };
        let labels = [odd, label("a.b'\"$", &n.to_string())].into_iter().collect();
        // Each even one tries the one before it again.
        let retry_of = (n % 2 == 0).then(|| flow_id(n - 1));
        let row = Flow { name, labels, retry_of, ..flow(n) };
        put(&*store, flows(vec![new(row)])).expect("a new flow");
    }
    let all = FlowFilter { limit: 100, ..FlowFilter::default() };
    let named = FlowFilter { name: Some("report".to_owned()), ..all.clone() };
    assert_eq!(page(&*store, named.clone()), ids([4, 3, 2, 1]));
    let two = FlowFilter { limit: 2, ..named.clone() };
    assert_eq!(page(&*store, two.clone()), ids([4, 3]));
    assert_eq!(page(&*store, FlowFilter { after: Some(flow_id(3)), ..two }), ids([2, 1]));
    let labels = [label("team", "ops")].into_iter().collect();
    let of_ops = FlowFilter { labels, ..all.clone() };
    assert_eq!(page(&*store, of_ops.clone()), ids([6, 4, 2]));
    let labels = [label("team", "ops"), label("a.b'\"$", "4")].into_iter().collect();
    assert_eq!(page(&*store, FlowFilter { labels, ..named.clone() }), ids([4]));
    let labels = [label("team", "")].into_iter().collect();
    assert_eq!(page(&*store, FlowFilter { labels, ..named.clone() }), ids([]));
    assert_eq!(page(&*store, FlowFilter { retried: Some(true), ..all.clone() }), ids([5, 3, 1]));
    assert_eq!(page(&*store, FlowFilter { retried: Some(false), ..named }), ids([4, 2]));
    assert_eq!(page(&*store, FlowFilter { limit: 0, retried: Some(true), ..all }), ids([]));
}

/// Child flows of one flow, with the other conditions.
pub fn children_are_found(subject: &mut dyn Subject) {
    let store = subject.open();
    for n in 1..=6 {
        let parent_flow_id = (n > 1).then(|| flow_id(1 + n % 2));
        put(&*store, flows(vec![new(Flow { parent_flow_id, ..flow(n) })])).expect("a new flow");
    }
    put(&*store, flows(vec![next(ended(&flow_of(&*store, 4)))])).expect("an end");
    let of_one = FlowFilter { parent_flow_id: Some(flow_id(1)), limit: 9, ..FlowFilter::default() };
    assert_eq!(page(&*store, of_one.clone()), ids([6, 4, 2]));
    assert_eq!(page(&*store, FlowFilter { limit: 2, ..of_one.clone() }), ids([6, 4]));
    let rest = FlowFilter { after: Some(flow_id(4)), ..of_one.clone() };
    assert_eq!(page(&*store, rest), ids([2]));
    let live = FlowFilter { statuses: vec![FlowStatus::Running], ..of_one.clone() };
    assert_eq!(page(&*store, live), ids([6, 2]));
    let others = FlowFilter { owner_key: Some("x".to_owned()), ..of_one.clone() };
    assert_eq!(page(&*store, others), ids([]));
    let none = FlowFilter { parent_flow_id: Some(flow_id(6)), ..of_one };
    assert_eq!(page(&*store, none), ids([]));
}

fn flow_of(store: &dyn Store, n: u64) -> Flow {
    store.load(&flow_id(n)).expect("load").expect("it is there").flow
}

/// Counts of flows, and of the tasks of each.
pub fn counts_agree(subject: &mut dyn Subject) {
    let store = subject.open();
    assert!(store.count_flows(None).expect("count").by_status.is_empty());
    six(&*store);
    let cancel = Flow { cancel_requested_at: Some(7), ..changed(&flow(1)) };
    put(&*store, flows(vec![next(cancel)])).expect("a cancel");
    let all = store.count_flows(None).expect("count");
    let wanted = [(FlowStatus::Running, 3), (FlowStatus::Succeeded, 3)];
    assert_eq!(all.by_status, wanted.into_iter().collect());
    assert_eq!(all.cancel_requested, 1);
    let of_x = store.count_flows(Some("x")).expect("count");
    let wanted = [(FlowStatus::Running, 1), (FlowStatus::Succeeded, 1)];
    assert_eq!((of_x.by_status, of_x.cancel_requested), (wanted.into_iter().collect(), 0));

    let mut over = task(2, Some(1));
    over.status = clawflow_core::task::TaskStatus::Failed;
    over.ended_at = Some(3);
    put(&*store, tasks(vec![task(1, Some(1)), over, task(3, None)])).expect("tasks");
    let filter = FlowFilter { limit: 9, ..FlowFilter::default() };
    let rows = store.list_flows(&filter).expect("list");
    let row = rows.iter().find(|row| row.flow.flow_id == flow_id(1)).expect("flow 1");
    assert_eq!((row.tasks_active, row.tasks_total), (1, 2));
}
