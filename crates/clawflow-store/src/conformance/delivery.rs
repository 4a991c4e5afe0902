//! Messages that are owed: sent once, tried until they are closed.

use super::fixtures::{
    deliveries, delivery, delivery_id, event, flow, flow_id, flows, moved, new, queued,
};
use super::{Subject, put};
use crate::error::ApplyError;
use clawflow_core::Millis;
use clawflow_core::delivery::DeliveryState::{Acknowledged, Delivered, Failed, Pending};
use clawflow_core::delivery::{Delivery, RouteKind};
use clawflow_core::unit::{Change, Unit};

/// The same message on the same route is left out, and the rest of its unit is not.
pub fn the_first_wins(subject: &mut dyn Subject) {
    let store = subject.open();
    let first = delivery(1, None);
    put(&*store, deliveries(vec![new(first.clone())])).expect("the first");
    let again =
        |n| Delivery { idempotency_key: first.idempotency_key.clone(), ..delivery(n, None) };
    let unit = flows(vec![new(flow(1))]);
    let events = vec![event(flow_id(1).as_str(), 1)];
    let rows = vec![new(again(2)), new(delivery(3, Some(1)))];
    put(&*store, Unit { deliveries: rows, events, ..unit }).expect("the rest is applied");
    assert_eq!(store.delivery(&delivery_id(1)), Ok(Some(first.clone())), "as it was");
    assert_eq!(store.delivery(&delivery_id(2)), Ok(None));
    assert_eq!(store.delivery(&delivery_id(3)), Ok(Some(delivery(3, Some(1)))));
    assert_eq!(store.last_event(flow_id(1).as_str()), Ok(1));
    let others = [
        Delivery { owner_key: "x".to_owned(), ..again(4) },
        Delivery { route: RouteKind::Command, ..again(5) },
        Delivery { route_name: "other".to_owned(), ..again(6) },
        queued(&again(7)),
    ];
    put(&*store, deliveries(others.clone().map(new).into())).expect("other routes");
    for mut row in others {
        row.place = (row.route == RouteKind::Inbox).then_some(1);
        assert_eq!(store.delivery(&row.delivery_id), Ok(Some(row)));
    }
    let key = |n| Delivery { idempotency_key: "twice".to_owned(), ..delivery(n, None) };
    put(&*store, deliveries(vec![new(key(9)), new(key(8))])).expect("both in one unit");
    assert_eq!(store.delivery(&delivery_id(9)), Ok(Some(key(9))));
    assert_eq!(store.delivery(&delivery_id(8)), Ok(None));
    let owner = key(9).owner_key;
    assert_eq!(store.deliveries_of_key(&owner, "twice"), Ok(vec![key(9)]));
    assert_eq!(store.deliveries_of_key(&owner, "never"), Ok(Vec::new()));
    assert_eq!(store.deliveries_of_key("nobody", "twice"), Ok(Vec::new()));
}

/// A change names the version that it was decided on; a new message needs an id of its own.
pub fn changes_follow_versions(subject: &mut dyn Subject) {
    let store = subject.open();
    let first = delivery(1, None);
    put(&*store, deliveries(vec![new(first.clone())])).expect("a delivery");
    let same_id = Delivery { idempotency_key: "other".to_owned(), ..first.clone() };
    match put(&*store, deliveries(vec![new(same_id)])) {
        Err(ApplyError::Conflict { expected: None, found: Some(1), .. }) => {}
        other => panic!("the id was taken: {other:?}"),
    }
    let failed = moved(&first, Failed);
    put(&*store, deliveries(vec![failed.clone()])).expect("given up");
    match put(&*store, deliveries(vec![moved(&first, Delivered)])) {
        Err(ApplyError::Conflict { expected: Some(1), found: Some(2), .. }) => {}
        other => panic!("it was decided on an old version: {other:?}"),
    }
    match put(&*store, deliveries(vec![moved(&delivery(2, None), Delivered)])) {
        Err(ApplyError::Conflict { expected: Some(1), found: None, .. }) => {}
        other => panic!("there is no such delivery: {other:?}"),
    }
    let back = Change { expected: Some(1), row: first.clone() };
    let refused = put(&*store, deliveries(vec![back]));
    assert!(matches!(refused, Err(ApplyError::Invalid { .. })), "versions grow: {refused:?}");
    let twice = vec![moved(&failed.row, Pending), moved(&failed.row, Pending)];
    let refused = put(&*store, deliveries(twice));
    assert!(matches!(refused, Err(ApplyError::Invalid { .. })), "named twice: {refused:?}");
    let again = moved(&failed.row, Pending);
    put(&*store, deliveries(vec![again.clone()])).expect("it is tried again");
    assert_eq!(store.delivery(&delivery_id(1)), Ok(Some(again.row)));
}

/// What is pending is due by its time, on whichever route.
pub fn tries_are_ordered(subject: &mut dyn Subject) {
    let store = subject.open();
    let at = |n, time| Delivery { due_at: Some(time), ..delivery(n, None) };
    let command = Delivery { route: RouteKind::Command, ..at(4, 10) };
    let rows = [at(1, 30), at(2, 20), at(3, 20), command, queued(&delivery(5, None))];
    put(&*store, deliveries(rows.clone().map(new).into())).expect("deliveries");
    let due = |now: Millis, limit| {
        let found = store.due_deliveries(now, limit).expect("due");
        found.into_iter().map(|row| row.delivery_id).collect::<Vec<_>>()
    };
    assert_eq!(due(Millis::MAX, 9), [4, 2, 3, 1].map(delivery_id));
    assert_eq!(due(20, 9), [4, 2, 3].map(delivery_id));
    assert_eq!(due(20, 2), [4, 2].map(delivery_id));
    assert_eq!(due(9, 9), []);
    let other = Delivery { route_name: "other".to_owned(), ..at(6, 40) };
    put(&*store, deliveries(vec![new(other.clone())])).expect("one of another route");
    assert_eq!(due(Millis::MAX, 2), [4, 2, 6].map(delivery_id), "two of each route");
    assert_eq!(due(Millis::MAX, 0), []);
    put(&*store, deliveries(vec![moved(&other, Acknowledged)])).expect("acknowledged");
    let done = rows[1..4].iter().map(|row| moved(row, Acknowledged)).collect();
    put(&*store, deliveries(done)).expect("acknowledged");
    assert_eq!(due(Millis::MAX, 9), [delivery_id(1)]);
}
