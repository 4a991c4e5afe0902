//! History: numbers within a subject, one sequence over all.

use super::fixtures::{OWNER, event};
use super::{Subject, put};
use crate::error::ApplyError;
use crate::query::EventFilter;
use crate::store::Store;
use clawflow_core::unit::Unit;

fn events(of: &[(&str, u64)]) -> Unit {
    let events = of.iter().map(|(subject, number)| event(subject, *number)).collect();
    Unit { events, ..Unit::default() }
}

fn page(store: &dyn Store, subject: Option<&str>, after: u64, limit: usize) -> Vec<(u64, u64)> {
    let filter =
        EventFilter { subject: subject.map(str::to_owned), after, limit, ..EventFilter::default() };
    let found = store.events(&filter).expect("events");
    found.iter().map(|stored| (stored.seq, stored.event.number)).collect()
}

/// Two decisions on the same history claim the same number: the second is refused. Nor may a
/// number be left out.
pub fn numbers_are_taken_once(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, events(&[("a", 1), ("a", 2)])).expect("new events");
    match put(&*store, events(&[("b", 1), ("a", 2)])) {
        Err(ApplyError::Conflict { what, expected: None, found: Some(2) }) => {
            assert!(what.contains("of a"), "{what}");
        }
        other => panic!("number 2 was taken: {other:?}"),
    }
    let gap = put(&*store, events(&[("a", 4)]));
    assert!(matches!(gap, Err(ApplyError::Invalid { .. })), "{gap:?}");
    let zero = put(&*store, events(&[("c", 0)]));
    assert!(matches!(zero, Err(ApplyError::Invalid { .. })), "{zero:?}");
    assert_eq!(store.last_event("a"), Ok(2));
    assert_eq!(store.last_event("b"), Ok(0));
}

/// Seq grows by one per event, in the order of the units; a refused unit takes none.
pub fn seq_is_gapless(subject: &mut dyn Subject) {
    let store = subject.open();
    assert_eq!(put(&*store, Unit::default()), Ok(0));
    assert_eq!(put(&*store, events(&[("a", 1), ("b", 1)])), Ok(2));
    put(&*store, events(&[("c", 1), ("b", 1)])).expect_err("b's number is taken");
    assert_eq!(put(&*store, events(&[("c", 1)])), Ok(3));
    assert_eq!(put(&*store, Unit::default()), Ok(3));
    assert_eq!(page(&*store, None, 0, 10), [(1, 1), (2, 1), (3, 1)]);
}

/// A page begins after a position: a seq, or a number where a subject is named.
pub fn pages_follow_positions(subject: &mut dyn Subject) {
    let store = subject.open();
    let unit = events(&[("a", 1), ("b", 1), ("a", 2), ("b", 2), ("a", 3)]);
    put(&*store, unit).expect("new events");
    assert_eq!(page(&*store, None, 2, 2), [(3, 2), (4, 2)]);
    assert_eq!(page(&*store, Some("a"), 1, 10), [(3, 2), (5, 3)]);
    assert_eq!(page(&*store, Some("a"), 0, 1), [(1, 1)]);
    assert_eq!(page(&*store, Some("a"), 0, 0), []);
    assert_eq!(page(&*store, Some("x"), 0, 9), []);
    assert_eq!(page(&*store, None, u64::MAX, 9), []);
}

/// Each owner has a feed of its own, in the one sequence.
pub fn owners_have_feeds(subject: &mut dyn Subject) {
    let store = subject.open();
    assert_eq!(store.last_seq(), Ok(0));
    let mut unit = events(&[("a", 1), ("b", 1), ("a", 2), ("b", 2), ("a", 3)]);
    for event in unit.events.iter_mut().filter(|event| event.subject == "b") {
        event.owner_key = "x".to_owned();
    }
    put(&*store, unit).expect("new events");
    assert_eq!(store.last_seq(), Ok(5));
    let page = |owner: &str, subject: Option<&str>, after, limit| {
        let filter = EventFilter {
            subject: subject.map(str::to_owned),
            owner_key: Some(owner.to_owned()),
            after,
            limit,
        };
        let found = store.events(&filter).expect("events");
        found.iter().map(|stored| stored.seq).collect::<Vec<_>>()
    };
    assert_eq!(page("x", None, 0, 9), [2, 4]);
    assert_eq!(page("x", None, 2, 9), [4]);
    assert_eq!(page("x", None, 0, 1), [2]);
    assert_eq!(page(OWNER, None, 1, 9), [3, 5]);
    assert_eq!(page("x", Some("b"), 1, 9), [4]);
    assert_eq!(page("x", Some("a"), 0, 9), Vec::<u64>::new(), "it is another's");
    assert_eq!(page("nobody", None, 0, 9), Vec::<u64>::new());
}
