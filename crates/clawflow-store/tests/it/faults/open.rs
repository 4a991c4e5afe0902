//! What cannot be opened is refused with its reason, and not changed.

use clawflow_core::Millis;
use clawflow_core::step::{Step, StepResult};
use clawflow_core::unit::Unit;
use clawflow_store::conformance::fixtures::{flow, flow_id, flows, new, step, whole_flow};
use clawflow_store::conformance::put;
use clawflow_store::sqlite::{FILE_NAME, SqliteOptions};
use clawflow_store::{ApplyError, SqliteStore, Store, StoreError};
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn quick() -> SqliteOptions {
    SqliteOptions { busy_wait: Duration::from_millis(100), ..SqliteOptions::default() }
}

/// A directory with a store of ten flows, closed.
fn closed() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a directory");
    let store = SqliteStore::open(dir.path()).expect("a store");
    for n in 0..10 {
        put(&store, whole_flow(n)).expect("a flow");
    }
    drop(store);
    let file = dir.path().join(FILE_NAME);
    assert!(!dir.path().join(format!("{FILE_NAME}-wal")).exists(), "the log was removed");
    (dir, file)
}

fn refused(dir: &Path) -> StoreError {
    let file = dir.join(FILE_NAME);
    let before = fs::read(&file).ok();
    let error = match SqliteStore::open_with(dir, &quick()) {
        Ok(_) => panic!("it was opened"),
        Err(error) => error,
    };
    assert_eq!(fs::read(&file).ok(), before, "it was changed");
    error
}

#[test]
fn a_newer_schema_is_not_touched() {
    let (dir, file) = closed();
    let conn = Connection::open(&file).expect("the file");
    conn.execute_batch("pragma user_version = 99").expect("a version");
    drop(conn);
    let error = refused(dir.path());
    assert_eq!(error, StoreError::Newer { found: 99, known: 3 });
    assert_eq!(error.to_string(), "the store has schema 99, this clawflow knows up to 3");
}

#[test]
fn a_store_of_schema_1_is_brought_up_to_date() {
    let (dir, file) = closed();
    let store = SqliteStore::open_with(dir.path(), &quick()).expect("a store");
    put(&store, flows(vec![new(flow(20))])).expect("a flow");
    let result = StepResult { stdout: Some("say \"ü\"\0\n".into()), ..StepResult::default() };
    let row = Arc::new(Step { result: Some(result), ..step(20, "a", 0) });
    put(&store, Unit { steps: vec![new(row.clone())], ..Unit::default() }).expect("a step");
    drop(store);
    let conn = Connection::open(&file).expect("the file");
    conn.execute_batch(
        "update step set result = json_set(result, '$.stdout', stdout);
         alter table step drop column stdout; alter table step drop column stdout_lz4;
         pragma user_version = 1",
    )
    .expect("what schema 1 was");
    let of = "select result from step where flow_id = ?";
    let old: String = conn.query_row(of, [&flow_id(20).0], |row| row.get(0)).expect("a result");
    assert!(old.contains(r#"{"stdout":"say \"ü\"\u0000\n"}"#), "{old}");
    drop(conn);
    let store = SqliteStore::open_with(dir.path(), &quick()).expect("a newer one");
    let found = store.load(&flow_id(20)).expect("load").expect("the flow");
    assert_eq!(found.steps, [row]);
}

#[test]
fn a_large_output_of_schema_2_is_read_as_it_is() {
    let (dir, file) = closed();
    let store = SqliteStore::open_with(dir.path(), &quick()).expect("a store");
    put(&store, flows(vec![new(flow(20))])).expect("a flow");
    let large = "[\"\u{fc}\"],".repeat(20_000);
    let result = StepResult { stdout: Some(large.as_str().into()), ..StepResult::default() };
    let row = Arc::new(Step { result: Some(result), ..step(20, "a", 0) });
    put(&store, Unit { steps: vec![new(row.clone())], ..Unit::default() }).expect("a step");
    drop(store);
    let conn = Connection::open(&file).expect("the file");
    let of = "select octet_length(stdout_lz4) from step where flow_id = ? and stdout is null";
    let bytes: usize = conn.query_row(of, [&flow_id(20).0], |row| row.get(0)).expect("the output");
    assert!(bytes < large.len() / 50, "{bytes}");
    conn.execute_batch("alter table step drop column stdout_lz4; pragma user_version = 2")
        .expect("what schema 2 was");
    conn.execute("update step set stdout = ? where flow_id = ?", [&large, &flow_id(20).0])
        .expect("an output");
    drop(conn);
    let store = SqliteStore::open_with(dir.path(), &quick()).expect("a newer one");
    let found = store.load(&flow_id(20)).expect("load").expect("the flow");
    assert_eq!(found.steps, [row]);
}

#[test]
fn a_foreign_database_is_not_touched() {
    let dir = tempfile::tempdir().expect("a directory");
    let conn = Connection::open(dir.path().join(FILE_NAME)).expect("a file");
    conn.execute_batch("create table mine (x)").expect("a table");
    drop(conn);
    let error = refused(dir.path()).to_string();
    assert!(error.contains("is a database of another program"), "{error}");
}

#[test]
fn a_file_that_is_no_database_is_not_touched() {
    let dir = tempfile::tempdir().expect("a directory");
    let text = "name: weekly\nsteps: []\n".repeat(100);
    fs::write(dir.path().join(FILE_NAME), text).expect("a file");
    let error = refused(dir.path());
    assert!(matches!(&error, StoreError::Corrupt { why } if why.contains("not a database")));
}

#[test]
fn a_damaged_header_is_refused() {
    let (dir, file) = closed();
    let mut bytes = fs::read(&file).expect("the file");
    bytes[..16].fill(0xff);
    fs::write(&file, bytes).expect("the file");
    assert!(matches!(refused(dir.path()), StoreError::Corrupt { .. }));
}

#[test]
fn a_truncated_file_is_refused() {
    let (dir, file) = closed();
    let bytes = fs::read(&file).expect("the file");
    fs::write(&file, &bytes[..bytes.len() / 2]).expect("the file");
    assert!(matches!(refused(dir.path()), StoreError::Corrupt { .. }));
}

#[test]
fn a_damaged_page_is_found_by_the_check() {
    let (dir, file) = closed();
    let mut bytes = fs::read(&file).expect("the file");
    let page = bytes.len() / 4096 / 2 * 4096;
    bytes[page..page + 4096].fill(0x5a);
    fs::write(&file, bytes).expect("the file");
    let found = SqliteStore::open(dir.path()).and_then(|store| store.check());
    match found {
        Ok(findings) => assert!(!findings.is_empty(), "nothing was found"),
        Err(error) => assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}"),
    }
}

#[test]
fn columns_that_contradict_the_record_are_found_by_the_check() {
    let forgeries = [
        ("update task set fence = 77", "task task_0"),
        ("update wait set target = 'other'", "wait wait_0"),
        ("update wait set owner_key = 'other'", "wait wait_0"),
        ("update delivery set route = 'command'", "delivery dlv_0"),
        ("update signal set name = 'other'", "signal sig_0"),
        ("update token set hash = token_id", "token tok_0"),
    ];
    for (forgery, name) in forgeries {
        let (dir, file) = closed();
        let conn = Connection::open(&file).expect("the file");
        conn.execute_batch(forgery).expect("a forgery");
        drop(conn);
        let store = SqliteStore::open(dir.path()).expect("a store");
        let findings = store.check().expect("check");
        assert_eq!(findings.len(), 10, "{forgery}: {findings:?}");
        assert!(findings[0].starts_with(name), "{findings:?}");
    }
}

#[test]
fn a_locked_file_is_refused_in_time() {
    let (dir, file) = closed();
    let other = Connection::open(&file).expect("the file");
    other
        .execute_batch("pragma locking_mode = exclusive; begin exclusive; commit")
        .expect("a lock");
    let start = Instant::now();
    let Err(error) = SqliteStore::open_with(dir.path(), &quick()) else { panic!("it opened") };
    assert_eq!(error, StoreError::Locked { path: file.display().to_string() });
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    drop(other);
    SqliteStore::open_with(dir.path(), &quick()).expect("it is free again");
}

#[test]
fn a_lock_during_work_refuses_the_unit_only() {
    let (dir, file) = closed();
    let store = SqliteStore::open_with(dir.path(), &quick()).expect("a store");
    put(&store, whole_flow(10)).expect("a flow");
    let other = Connection::open(&file).expect("the file");
    other.execute_batch("begin immediate").expect("a lock");
    let error = put(&store, whole_flow(11));
    let path = file.display().to_string();
    assert_eq!(error, Err(ApplyError::Store(StoreError::Locked { path })));
    assert!(store.next_epoch().is_err());
    assert!(store.expire_outcomes(Millis::MAX).is_err());
    assert!(store.expire_deliveries(Millis::MAX).is_err());
    other.execute_batch("rollback").expect("no lock");
    put(&store, whole_flow(11)).expect("it works again");
    assert_eq!(store.expire_deliveries(Millis::MAX), Ok(0));
    assert_eq!(store.expire_outcomes(Millis::MAX), Ok(12), "none was deleted before");
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("file");
    fs::write(&file, "x").expect("a file");
    // A file in place of a directory, and file systems in which not even root may write.
    for path in [file.clone(), file.join("below"), "/proc/clawflow".into(), "/sys/clawflow".into()]
    {
        let Err(error) = SqliteStore::open(&path) else { panic!("{} was opened", path.display()) };
        let text = error.to_string();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{text}");
        assert!(text.contains(path.to_str().expect("text")), "{text}");
    }
    assert_eq!(fs::read(&file).expect("the file"), b"x");
}

#[test]
fn a_log_without_its_end_is_cut_at_the_last_commit() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = SqliteStore::open(dir.path()).expect("a store");
    put(&store, whole_flow(0)).expect("a flow");
    let wal = dir.path().join(format!("{FILE_NAME}-wal"));
    let whole = fs::read(&wal).expect("the log").len() as u64;
    put(&store, whole_flow(1)).expect("a flow");
    let copy = tempfile::tempdir().expect("a directory");
    for name in [FILE_NAME.to_owned(), format!("{FILE_NAME}-wal")] {
        fs::copy(dir.path().join(&name), copy.path().join(&name)).expect("a copy");
    }
    let torn =
        fs::OpenOptions::new().write(true).open(copy.path().join(format!("{FILE_NAME}-wal")));
    torn.expect("the copy").set_len(whole + 5000).expect("a torn log");
    let store = SqliteStore::open(copy.path()).expect("it opens");
    assert!(super::child::whole(&store, 0));
    assert!(!super::child::whole(&store, 1), "a torn unit is no unit");
}

#[test]
fn nothing_is_acknowledged_once_the_file_was_removed() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = SqliteStore::open(dir.path()).expect("a store");
    put(&store, whole_flow(0)).expect("a flow");
    let file = dir.path().join(FILE_NAME);
    let aside = dir.path().join("aside");
    fs::rename(&file, &aside).expect("it is moved away");
    let unavailable =
        |answer| matches!(answer, Err(ApplyError::Store(StoreError::Unavailable { .. })));
    assert!(unavailable(put(&store, whole_flow(1))), "nobody would find it again");
    fs::write(&file, "other").expect("another file");
    assert!(unavailable(put(&store, whole_flow(1))), "nobody would find it again");
    assert!(store.next_epoch().is_err());
    fs::rename(&aside, &file).expect("it is back");
    put(&store, whole_flow(1)).expect("it works again");
}

/// Stands for a file without permission, which root may read all the same.
#[test]
fn a_file_that_cannot_be_read_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::create_dir(dir.path().join(FILE_NAME)).expect("a directory in its place");
    let error = SqliteStore::open(dir.path()).expect_err("no file");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("clawflow.db: unable to open"), "{error}");
}

#[test]
fn a_long_read_does_not_hold_up_the_writer() {
    let (dir, file) = closed();
    let store = SqliteStore::open(dir.path()).expect("a store");
    put(&store, whole_flow(10)).expect("a flow");
    let other = Connection::open(&file).expect("the file");
    other.execute_batch("begin; select count(*) from flow").expect("a snapshot");
    // Long enough for the quiet moment in which the log is cut.
    std::thread::sleep(Duration::from_millis(600));
    let start = Instant::now();
    for n in 11..20 {
        put(&store, whole_flow(n)).expect("a flow");
    }
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

/// The gateway's lock is elsewhere; without it the file still refuses to be confused.
#[test]
fn two_stores_over_one_file_do_no_harm() {
    let dir = tempfile::tempdir().expect("a directory");
    let stores = [0, 1].map(|_| SqliteStore::open(dir.path()).expect("a store"));
    for n in 0..20_u64 {
        let store = &stores[n as usize % 2];
        assert_eq!(put(store, whole_flow(n)), Ok(2 * n + 2));
        assert!(super::child::whole(&stores[(n as usize + 1) % 2], n));
    }
    let [first, second] = stores;
    let mut epochs = vec![first.next_epoch().expect("one"), second.next_epoch().expect("one")];
    epochs.push(first.next_epoch().expect("one"));
    assert!(epochs.is_sorted() && epochs[0] < epochs[1] && epochs[1] < epochs[2]);
    let conflict = put(&first, whole_flow(19));
    assert!(matches!(conflict, Err(ApplyError::Conflict { .. })), "{conflict:?}");
    drop(first);
    put(&second, whole_flow(20)).expect("the other goes on");
}
