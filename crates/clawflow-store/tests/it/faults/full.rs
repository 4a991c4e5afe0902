//! A full disk: the unit is refused whole, and the store works again once there is room.

use super::child::whole;
use clawflow_core::unit::Unit;
use clawflow_store::conformance::fixtures::{ended, flow, flow_id, flows, next, whole_flow};
use clawflow_store::conformance::put;
use clawflow_store::sqlite::SqliteOptions;
use clawflow_store::{ApplyError, SqliteStore, Store, StoreError};

#[test]
fn a_full_store_refuses_and_recovers() {
    let dir = tempfile::tempdir().expect("a directory");
    let options = SqliteOptions { max_pages: Some(80), ..SqliteOptions::default() };
    let store = SqliteStore::open_with(dir.path(), &options).expect("a store");
    let mut there = 0;
    let error = loop {
        match put(&store, whole_flow(there)) {
            Ok(_) => there += 1,
            Err(error) => break error,
        }
        assert!(there < 10_000, "80 pages are never full");
    };
    assert!(matches!(error, ApplyError::Store(StoreError::Full { .. })), "{error:?}");
    assert!(there > 1);
    assert!(!whole(&store, there));
    assert!((0..there).all(|n| whole(&store, n)));

    // Neighbours in one transaction do not suffer from the one that is too large.
    let mut large = whole_flow(there);
    large.flows[0].row.goal = "x".repeat(400_000);
    let receipts = [store.submit(large), store.submit(Unit::default())];
    let answers = receipts.map(|receipt| receipt.blocking_recv().expect("an answer"));
    assert!(matches!(answers[0], Err(ApplyError::Store(StoreError::Full { .. }))));
    assert_eq!(answers[1], Ok(2 * there));

    // Room is made by deleting.
    put(&store, flows(vec![next(ended(&flow(0)))])).expect("an update in place");
    let purges = vec![flow_id(0)];
    put(&store, Unit { purges, ..Unit::default() }).expect("a purge");
    for n in 1..there {
        let end = flows(vec![next(ended(&flow(n)))]);
        put(&store, Unit { purges: vec![flow_id(n)], ..end }).expect("a purge");
    }
    put(&store, whole_flow(there)).expect("there is room again");
    assert!(whole(&store, there));
    assert_eq!(store.check().expect("check"), Vec::<String>::new());
    drop(store);
    let store = SqliteStore::open(dir.path()).expect("it opens");
    assert!(whole(&store, there));
    put(&store, whole_flow(there + 1)).expect("more room");
}
