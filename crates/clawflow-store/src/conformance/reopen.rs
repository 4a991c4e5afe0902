//! What was acknowledged is there when the store is opened again.

use super::fixtures::{flow_id, whole_flow};
use super::{Reopened, Subject, put};
use crate::query::EventFilter;

/// Flows, their rows and the history are as they were, and the sequence goes on.
pub fn everything_is_there_again(subject: &mut dyn Subject) {
    let store = subject.open();
    for n in 1..=20 {
        put(&*store, whole_flow(n)).expect("a new flow");
    }
    let before: Vec<_> = (1..=20).map(|n| store.load(&flow_id(n)).expect("load")).collect();
    let all = EventFilter { limit: 99, ..EventFilter::default() };
    let events = store.events(&all).expect("events");
    let Reopened::Again(store) = subject.reopen(store) else { return };
    let after: Vec<_> = (1..=20).map(|n| store.load(&flow_id(n)).expect("load")).collect();
    assert_eq!(before, after);
    assert_eq!(store.events(&all).expect("events"), events);
    assert_eq!(put(&*store, whole_flow(21)), Ok(42));
}
