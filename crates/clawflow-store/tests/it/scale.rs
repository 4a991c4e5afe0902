//! Stores that have grown: opening, looking for work, and the log under load.

use clawflow_core::unit::Unit;
use clawflow_core::wait::Wait;
use clawflow_store::conformance::fixtures::{
    ended, flow, flow_id, flows, new, next, task, wait, whole_flow,
};
use clawflow_store::conformance::put;
use clawflow_store::query::FlowFilter;
use clawflow_store::sqlite::FILE_NAME;
use clawflow_store::{SqliteStore, Store};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// Copies flow, task and wait number 0 until there are so many: by SQL, which is quick.
fn fill(dir: &Path, count: u64) {
    let store = SqliteStore::open(dir).expect("a store");
    let deadline = Wait { due_at: Some(0), ..wait(0, 0) };
    let unit = Unit {
        flows: vec![new(flow(0))],
        tasks: vec![new(Arc::new(task(0, Some(0))))],
        waits: vec![new(Arc::new(deadline))],
        ..Unit::default()
    };
    put(&store, unit).expect("the first");
    drop(store);
    let conn = Connection::open(dir.join(FILE_NAME)).expect("the file");
    let copies = format!(
        "pragma synchronous = off;
         begin;
         create temp table n as with recursive n (n, id) as (
             select 1, printf('%026d', 1)
             union all select n + 1, printf('%026d', n + 1) from n where n < {count} - 1
         ) select * from n;
         insert into flow select 'flow_' || id, owner_key, key, sync_mode, status, revision,
             cancel_requested_at, retry_of, parent_flow_id, created_at, ended_at, in_line_since,
             replace(record, '{zero}', id)
             from flow cross join n where flow_id = 'flow_{zero}';
         insert into task select 'task_' || id, 'flow_' || id, owner_key, run_id,
             label, child_session_key, runtime, version, fence, reported, status, created_at,
             started_at, ended_at, queue, replace(record, '{zero}', id)
             from task cross join n where task_id = 'task_{zero}';
         insert into wait select 'wait_' || id, 'flow_' || id, owner_key, version, kind, target,
             event_key, state, n, created_at, closed_at, replace(record, '{zero}', id)
             from wait cross join n where wait_id = 'wait_{zero}';
         commit;",
        zero = "0".repeat(26)
    );
    conn.execute_batch(&copies).expect("copies");
}

#[test]
fn a_start_finds_100_000_open_flows() {
    let dir = tempfile::tempdir().expect("a directory");
    fill(dir.path(), 100_000);
    let store = SqliteStore::open(dir.path()).expect("a store");
    store.next_epoch().expect("an epoch");
    let work = store.work(None).expect("work");
    let due = store.due(500, None, 1000).expect("due");
    let next = store.next_due(None).expect("next");
    assert_eq!(store.signals(None, 500), Ok(vec![]));
    assert_eq!((work.tasks.len(), due.len(), next), (100_000, 501, Some(0)));
    let page = FlowFilter { limit: 50, live_or_ended_since: Some(9), ..FlowFilter::default() };
    assert_eq!(store.list_flows(&page).expect("list").len(), 50);
}

fn log_length(dir: &Path) -> u64 {
    std::fs::metadata(dir.join(format!("{FILE_NAME}-wal"))).map_or(0, |log| log.len())
}

#[test]
fn the_log_stays_short_under_load_and_shorter_when_idle() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = SqliteStore::open(dir.path()).expect("a store");
    let mut longest = 0;
    for first in (0..4000).step_by(200) {
        let receipts: Vec<_> = (first..first + 200).map(|n| store.submit(whole_flow(n))).collect();
        for receipt in receipts {
            receipt.blocking_recv().expect("an answer").expect("a commit");
        }
        store.count_flows(None).expect("a reader at work");
        longest = longest.max(log_length(dir.path()));
    }
    assert!(longest < 64 * 1024 * 1024, "{longest}");
    let deadline = Instant::now() + Duration::from_secs(10);
    while log_length(dir.path()) > 32 * 1024 * 1024 {
        assert!(Instant::now() < deadline, "the log is not cut: {}", log_length(dir.path()));
        thread::sleep(Duration::from_millis(20));
    }
}

/// What is deleted has no text, and is pages of the log all the same.
#[test]
fn the_log_stays_short_while_flows_are_deleted() {
    const FLOWS: u64 = 3000;
    let dir = tempfile::tempdir().expect("a directory");
    let store = SqliteStore::open(dir.path()).expect("a store");
    let end = |n| flows(vec![next(ended(&flow(n)))]);
    for first in (0..FLOWS).step_by(200) {
        let receipts: Vec<_> = (first..first + 200)
            .flat_map(|n| [store.submit(whole_flow(n)), store.submit(end(n))])
            .collect();
        for receipt in receipts {
            receipt.blocking_recv().expect("an answer").expect("a commit");
        }
    }
    let mut longest = 0;
    for first in (0..FLOWS).step_by(4) {
        let purges = (first..first + 4).map(flow_id).collect();
        put(&store, Unit { purges, ..Unit::default() }).expect("a purge");
        longest = longest.max(log_length(dir.path()));
    }
    assert_eq!(store.count_flows(None).expect("count").by_status.values().sum::<u64>(), 0);
    assert!(longest < 64 * 1024 * 1024, "{longest}");
}

#[test]
fn the_log_is_written_over_once_it_was_copied() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = SqliteStore::open(dir.path()).expect("a store");
    for n in 0..50 {
        put(&store, whole_flow(n)).expect("a flow");
    }
    let length = log_length(dir.path());
    let copied = |file: &Path| {
        let conn = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let all = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
        conn.query_row("pragma wal_checkpoint(noop)", [], all)
    };
    let file = dir.path().join(FILE_NAME);
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let (frames, done) = copied(&file).expect("the state of the log");
        if frames == done {
            break;
        }
        assert!(Instant::now() < deadline, "{done} of {frames} pages were copied");
        thread::sleep(Duration::from_millis(20));
    }
    for n in 50..80 {
        put(&store, whole_flow(n)).expect("a flow");
    }
    assert_eq!(log_length(dir.path()), length, "it was neither cut nor made longer");
}

#[test]
fn readers_see_what_was_acknowledged() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = SqliteStore::open(dir.path()).expect("a store");
    // More threads than connections that read.
    thread::scope(|scope| {
        for first in 0..8 {
            let store = &store;
            scope.spawn(move || {
                for n in (first..400).step_by(8) {
                    put(store, whole_flow(n)).expect("a flow");
                    let bundle = store.load(&whole_flow(n).flows[0].row.flow_id).expect("load");
                    let bundle = bundle.expect("its own write");
                    assert_eq!((bundle.steps.len(), bundle.last_event), (2, 2));
                }
            });
        }
    });
}

#[test]
fn units_under_way_at_the_end_are_written() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = SqliteStore::open(dir.path()).expect("a store");
    let receipts: Vec<_> = (0..500).map(|n| store.submit(whole_flow(n))).collect();
    drop(store);
    for receipt in receipts {
        receipt.blocking_recv().expect("an answer").expect("a commit");
    }
    let store = SqliteStore::open(dir.path()).expect("a store");
    assert_eq!(store.count_flows(None).expect("count").by_status.values().sum::<u64>(), 500);
}
