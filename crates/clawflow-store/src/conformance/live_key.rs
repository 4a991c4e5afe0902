//! One live flow per owner and key.

use super::fixtures::{changed, ended, flow, flow_id, flows, new, next};
use super::{Subject, put};
use crate::error::ApplyError;
use clawflow_core::flow::Flow;

fn keyed(n: u64, key: &str) -> Flow {
    Flow { key: Some(key.to_owned()), ..flow(n) }
}

fn taken(by: u64) -> Result<u64, ApplyError> {
    Err(ApplyError::KeyConflict { key: "weekly".to_owned(), flow_id: flow_id(by) })
}

/// The second is refused, and told who was first; another owner may have the same key.
pub fn one_live_flow_per_key(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, flows(vec![new(keyed(1, "weekly"))])).expect("the first");
    assert_eq!(put(&*store, flows(vec![new(keyed(2, "weekly"))])), taken(1));
    let both = flows(vec![new(keyed(3, "daily")), new(keyed(4, "daily"))]);
    assert!(matches!(put(&*store, both), Err(ApplyError::KeyConflict { .. })));
    let other = Flow { owner_key: "agent:other".to_owned(), ..keyed(5, "weekly") };
    put(&*store, flows(vec![new(other)])).expect("another owner");
    put(&*store, flows(vec![new(flow(6)), new(flow(7))])).expect("flows without keys");
}

/// An ended flow holds no key.
pub fn an_end_frees_the_key(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, flows(vec![new(keyed(1, "weekly"))])).expect("the first");
    put(&*store, flows(vec![next(ended(&keyed(1, "weekly")))])).expect("its end");
    put(&*store, flows(vec![new(keyed(2, "weekly"))])).expect("the second");
    assert_eq!(put(&*store, flows(vec![new(keyed(3, "weekly"))])), taken(2));
    put(&*store, flows(vec![new(ended(&keyed(4, "weekly")))])).expect("one that has ended");
}

/// A unit may end one flow and start the next with its key, in whatever order it names them.
pub fn it_is_freed_in_the_same_unit(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, flows(vec![new(keyed(1, "weekly"))])).expect("the first");
    let end = next(ended(&keyed(1, "weekly")));
    put(&*store, flows(vec![new(keyed(2, "weekly")), end])).expect("the second");
    assert_eq!(put(&*store, flows(vec![new(keyed(3, "weekly"))])), taken(2));
}

/// A flow in line leaves the key to the live one, which is found by it; it has the key with the
/// change that takes it out of the line, if nobody else has.
pub fn who_waits_for_a_key_does_not_hold_it(subject: &mut dyn Subject) {
    let store = subject.open();
    let waits = |n| Flow { in_line_since: Some(1), ..keyed(n, "weekly") };
    put(&*store, flows(vec![new(keyed(1, "weekly"))])).expect("the first");
    put(&*store, flows(vec![new(waits(3)), new(waits(2))])).expect("two in line");
    let next_of = |key: &str| store.next_in_line(&flow(1).owner_key, key).expect("a line");
    assert_eq!(next_of("weekly"), Some(flow_id(2)));
    assert_eq!(next_of("daily"), None);
    let line = (flow(1).owner_key, "weekly".to_owned());
    assert_eq!(store.lines().expect("lines"), [line]);
    let found = store.flow_of_key(&flow(1).owner_key, "weekly").expect("a flow");
    assert_eq!(found.map(|flow| flow.flow_id), Some(flow_id(1)), "the live one");
    let named: Vec<_> = store.find_flows("weekly").expect("flows");
    assert_eq!(named.into_iter().map(|flow| flow.flow_id).collect::<Vec<_>>(), [flow_id(1)]);
    let turn = next(changed(&keyed(2, "weekly")));
    assert_eq!(put(&*store, flows(vec![turn.clone()])), taken(1));
    put(&*store, flows(vec![next(ended(&keyed(1, "weekly")))])).expect("its end");
    put(&*store, flows(vec![turn])).expect("the turn of the second");
    assert_eq!(next_of("weekly"), Some(flow_id(3)));
    let cancelled = Flow { in_line_since: None, ..ended(&waits(3)) };
    put(&*store, flows(vec![next(cancelled)])).expect("one that is cancelled in line");
    assert_eq!(next_of("weekly"), None);
    assert!(store.lines().expect("lines").is_empty());
}
