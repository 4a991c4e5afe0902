//! Pages of deliveries.

use super::fixtures::{
    OWNER, deliveries, delivery, delivery_id, flow, flow_id, flows, in_state, new, task, task_id,
    tasks,
};
use super::{Subject, put};
use crate::query::DeliveryFilter;
use crate::store::Store;
use clawflow_core::delivery::{Delivery, DeliveryState, RouteKind};

const NONE: [u64; 0] = [];

/// One delivery in each state from number 1 on, in the order of [`DeliveryState::ALL`]; then as
/// many of flow 1 by command, then as many of task 1 of the owner `x`.
fn fill(store: &dyn Store) {
    put(store, flows(vec![new(flow(1))])).expect("a flow");
    put(store, tasks(vec![task(1, None)])).expect("a task");
    let mut rows = Vec::new();
    for (group, n) in (0..3).flat_map(|group| (1..=6).map(move |n| (group, n))) {
        let state = DeliveryState::ALL[n - 1];
        let row = in_state(&delivery((group * 6 + n) as u64, None), state);
        rows.push(new(match group {
            0 => row,
            1 => Delivery { flow_id: Some(flow_id(1)), route: RouteKind::Command, ..row },
            _ => Delivery { task_id: Some(task_id(1)), owner_key: "x".to_owned(), ..row },
        }));
    }
    put(store, deliveries(rows)).expect("deliveries");
}

fn page(store: &dyn Store, filter: &DeliveryFilter) -> Vec<u64> {
    let rows = store.list_deliveries(filter).expect("list");
    let number = |row: Delivery| row.created_at.cast_unsigned();
    rows.into_iter().map(number).collect()
}

/// Pages follow one another without gap or overlap, in either direction.
pub fn pages_go_both_ways(subject: &mut dyn Subject) {
    let store = subject.open();
    fill(&*store);
    let all = DeliveryFilter { limit: 4, ..DeliveryFilter::default() };
    assert_eq!(page(&*store, &all), [18, 17, 16, 15]);
    let second = DeliveryFilter { after: Some(delivery_id(15)), ..all.clone() };
    assert_eq!(page(&*store, &second), [14, 13, 12, 11]);
    let oldest = DeliveryFilter { oldest_first: true, ..all.clone() };
    assert_eq!(page(&*store, &oldest), [1, 2, 3, 4]);
    let second = DeliveryFilter { after: Some(delivery_id(4)), ..oldest };
    assert_eq!(page(&*store, &second), [5, 6, 7, 8]);
    assert_eq!(page(&*store, &DeliveryFilter { limit: 0, ..all.clone() }), NONE);
    assert_eq!(page(&*store, &DeliveryFilter { limit: usize::MAX, ..all }).len(), 18);
}

/// Every condition must hold.
pub fn filters_combine(subject: &mut dyn Subject) {
    let store = subject.open();
    fill(&*store);
    let all = DeliveryFilter { limit: 99, ..DeliveryFilter::default() };
    for (state, n) in DeliveryState::ALL.iter().zip(1..) {
        let one = DeliveryFilter { states: vec![*state, *state], ..all.clone() };
        assert_eq!(page(&*store, &one), [n + 12, n + 6, n], "{state}");
        let owner = DeliveryFilter { owner_key: Some(OWNER.to_owned()), ..one.clone() };
        assert_eq!(page(&*store, &owner), [n + 6, n], "{state}");
        let route = DeliveryFilter { route: Some(RouteKind::Command), ..owner.clone() };
        assert_eq!(page(&*store, &route), [n + 6], "{state}");
        let of_flow = DeliveryFilter { flow_id: Some(flow_id(1)), ..one.clone() };
        assert_eq!(page(&*store, &of_flow), [n + 6], "{state}");
        let of_task = DeliveryFilter { task_id: Some(task_id(1)), ..one };
        assert_eq!(page(&*store, &of_task), [n + 12], "{state}");
        let of_both = DeliveryFilter { flow_id: Some(flow_id(1)), ..of_task.clone() };
        assert_eq!(page(&*store, &of_both), NONE, "{state}");
        let of_other = DeliveryFilter { owner_key: Some(OWNER.to_owned()), ..of_task };
        assert_eq!(page(&*store, &of_other), NONE, "{state}");
    }
    let of_flow = DeliveryFilter { flow_id: Some(flow_id(1)), limit: 2, ..all.clone() };
    assert_eq!(page(&*store, &of_flow), [12, 11]);
    let second = DeliveryFilter { after: Some(delivery_id(11)), ..of_flow };
    assert_eq!(page(&*store, &second), [10, 9]);
    let commands = DeliveryFilter { route: Some(RouteKind::Command), oldest_first: true, ..all };
    assert_eq!(page(&*store, &commands), [7, 8, 9, 10, 11, 12]);
}
