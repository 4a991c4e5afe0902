//! Signals that nobody has waited for yet.

use super::fixtures::{OWNER, signal, signal_id};
use super::{Subject, put};
use crate::error::ApplyError;
use clawflow_core::signal::Signal;
use clawflow_core::unit::Unit;

fn keep(signals: Vec<Signal>) -> Unit {
    Unit { signals, ..Unit::default() }
}

fn take<const N: usize>(taken: [u64; N]) -> Unit {
    Unit { taken: taken.map(signal_id).into(), ..Unit::default() }
}

/// A signal is given to one wait only: the second one that wants it decides again.
pub fn they_are_kept_and_taken_once(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, keep(vec![signal(1, "a"), signal(2, "a")])).expect("signals");
    match put(&*store, keep(vec![signal(1, "b")])) {
        Err(ApplyError::Conflict { expected: None, found: Some(_), .. }) => {}
        other => panic!("it is there already: {other:?}"),
    }
    put(&*store, take([1])).expect("it is there");
    for missing in [take([2, 1]), take([3])] {
        match put(&*store, missing) {
            Err(ApplyError::Conflict { expected: Some(_), found: None, .. }) => {}
            other => panic!("it was taken: {other:?}"),
        }
    }
    for bad in [take([2, 2]), Unit { signals: vec![signal(3, "a")], ..take([3]) }] {
        let refused = put(&*store, bad);
        assert!(matches!(refused, Err(ApplyError::Invalid { .. })), "named twice: {refused:?}");
    }
    assert_eq!(store.kept_signals(OWNER, "a", None, 9), Ok(vec![signal(2, "a")]));
}

/// By name and key, oldest first, at most so many; and all of an owner.
pub fn the_oldest_come_first(subject: &mut dyn Subject) {
    let store = subject.open();
    let keyed = |n, name, key: &str| Signal { key: Some(key.to_owned()), ..signal(n, name) };
    let others = Signal { owner_key: "x".to_owned(), ..signal(6, "a") };
    let rows = [
        keyed(5, "a", "k"),
        signal(4, "a"),
        keyed(3, "a", "l"),
        keyed(2, "b", "k"),
        keyed(1, "a", "k"),
    ];
    put(&*store, keep(rows.into_iter().chain([others]).collect())).expect("signals");
    let ids = |found: Vec<Signal>| found.into_iter().map(|s| s.signal_id).collect::<Vec<_>>();
    let kept =
        |owner, name, key, limit| ids(store.kept_signals(owner, name, key, limit).expect("kept"));
    assert_eq!(kept(OWNER, "a", None, 9), [1, 3, 4, 5].map(signal_id));
    assert_eq!(kept(OWNER, "a", None, 2), [1, 3].map(signal_id));
    assert_eq!(kept(OWNER, "a", Some("k"), 9), [1, 5].map(signal_id));
    assert_eq!(kept(OWNER, "a", Some("m"), 9), []);
    assert_eq!(kept("x", "a", None, 9), [signal_id(6)]);
    assert_eq!(kept(OWNER, "a", None, 0), []);
    let oldest = |owner, limit| ids(store.oldest_signals(owner, limit).expect("oldest"));
    assert_eq!(oldest(OWNER, 3), [1, 2, 3].map(signal_id), "whatever their name");
    assert_eq!(oldest("nobody", 3), []);
    let page = |after: Option<u64>, limit| {
        ids(store.signals(after.map(signal_id).as_ref(), limit).expect("signals"))
    };
    assert_eq!(page(None, 9), [1, 2, 3, 4, 5, 6].map(signal_id), "of all owners");
    assert_eq!(page(None, 2), [1, 2].map(signal_id));
    assert_eq!(page(Some(2), 3), [3, 4, 5].map(signal_id));
    assert_eq!(page(Some(5), 3), [6].map(signal_id));
    assert_eq!((page(Some(6), 3), page(None, 0)), (vec![], vec![]));
    let count = |owner| store.count_signals(owner).expect("count");
    assert_eq!((count(OWNER), count("x"), count("nobody")), (5, 1, 0));
}
