//! What commands with an idempotency key came to.

use super::fixtures::{OWNER, flow, flow_id, flows, new, outcome};
use super::{Subject, put};
use crate::error::ApplyError;
use crate::store::Store;
use clawflow_core::Millis;
use clawflow_core::idempotency::{KEPT_MS, Outcome};
use clawflow_core::unit::Unit;
use serde_json::json;

fn outcomes(outcomes: Vec<Outcome>) -> Unit {
    Unit { outcomes, ..Unit::default() }
}

fn made(store: &dyn Store, key: &str) -> Option<Millis> {
    store.outcome(OWNER, key).expect("outcome").map(|outcome| outcome.created_at)
}

/// A second command with the key makes nothing; after a day it is a command of its own.
pub fn the_first_counts_while_it_is_kept(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, outcomes(vec![outcome("k", 100)])).expect("the first");
    for at in [0, 100, 100 + KEPT_MS - 1] {
        let unit = Unit { outcomes: vec![outcome("k", at)], ..flows(vec![new(flow(1))]) };
        match put(&*store, unit) {
            Err(ApplyError::Conflict { what, expected: None, found: Some(_) }) => {
                assert!(what.contains("\"k\""), "{what}");
            }
            other => panic!("it was done before: {other:?}"),
        }
        assert_eq!(store.load(&flow_id(1)), Ok(None));
    }
    let others = Outcome { owner_key: "x".to_owned(), ..outcome("k", 101) };
    put(&*store, outcomes(vec![others, outcome("l", 101)])).expect("another owner, another key");
    let twice = put(&*store, outcomes(vec![outcome("m", 1), outcome("m", 1)]));
    assert!(matches!(twice, Err(ApplyError::Invalid { .. })), "{twice:?}");
    let later = Outcome {
        content_hash: "1".repeat(64),
        answer: json!({"again": true}),
        ..outcome("k", 100 + KEPT_MS)
    };
    put(&*store, outcomes(vec![later.clone()])).expect("the first is too old");
    assert_eq!(store.outcome(OWNER, "k"), Ok(Some(later)));
    assert_eq!((made(&*store, "l"), made(&*store, "m")), (Some(101), None));
}

/// However many there are.
pub fn old_ones_expire(subject: &mut dyn Subject) {
    let store = subject.open();
    let many = (0..2500).map(|n| outcome(&format!("k{n}"), n)).collect();
    put(&*store, outcomes(many)).expect("outcomes");
    assert_eq!(store.expire_outcomes(0), Ok(0));
    assert_eq!(store.expire_outcomes(2000), Ok(2000), "those before it");
    assert_eq!((made(&*store, "k1999"), made(&*store, "k2000")), (None, Some(2000)));
    assert_eq!(store.expire_outcomes(2000), Ok(0));
    assert_eq!(store.expire_outcomes(Millis::MAX), Ok(500));
    put(&*store, outcomes(vec![outcome("k1", 1)])).expect("its key is free again");
}
