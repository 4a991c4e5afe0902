//! The original is read as it is at its last commit, and not touched: no byte, no file beside it.

use super::ledger::{files, flow, newer, task};
use super::{FLOW, TASK, counts, import};
use crate::support::Home;
use rusqlite::Connection;
use std::path::Path;

/// Copies a database with what lies beside it, as a crash would leave it.
fn crashed(from: &Path, to: &Path, but: &str) {
    std::fs::create_dir_all(to.join("state")).unwrap();
    for (path, bytes) in files(from) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if !name.ends_with(but) {
            std::fs::write(to.join("state").join(name), bytes).unwrap();
        }
    }
}

#[test]
fn a_database_that_is_being_written_gives_its_last_commit() {
    let home = Home::new();
    let dir = home.path().join("claw");
    let conn = newer(&dir);
    let mode: String = conn.query_row("pragma journal_mode = wal", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    flow(&conn, FLOW);
    conn.execute_batch("pragma cache_size = 1; begin immediate").unwrap();
    for number in 0..500 {
        task(&conn, &format!("uncommitted-{number}"), Some(FLOW));
    }
    let before = files(&dir);
    assert_eq!(before.len(), 3, "it has its log and the index of that: {:?}", before.keys());
    let temp = home.path().join("temp");
    std::fs::create_dir(&temp).unwrap();
    let mut command = home.command(&["import", "openclaw", "claw", "--json"]);
    let out = command.env("TMPDIR", &temp).output().unwrap();
    let said = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(counts(&said, "taken"), [1, 0, 0], "{said}");
    assert!(files(&dir) == before, "nothing of it was written");
    assert!(files(&temp).is_empty(), "no copy is left");
    // Nobody was in the way, and what is committed now is there.
    conn.execute_batch("commit").unwrap();
    assert_eq!(counts(&import(&home, &[]), "taken"), [0, 500, 0]);
}

#[test]
fn what_a_crash_left_is_read_without_mending_it() {
    let home = Home::new();
    let live = home.path().join("live");
    let conn = newer(&live);
    let set = |mode: &str| {
        let sql = format!("pragma journal_mode = {mode}");
        conn.query_row(&sql, [], |row| row.get::<_, String>(0)).unwrap()
    };
    assert_eq!(set("wal"), "wal");
    flow(&conn, FLOW);
    // A log whose index is gone, as in a copy of the directory.
    let dir = home.path().join("claw");
    crashed(&live, &dir, "-shm");
    let before = files(&dir);
    assert_eq!(before.len(), 2, "{:?}", before.keys());
    assert_eq!(counts(&import(&home, &[]), "taken"), [1, 0, 0], "what only the log has");
    assert!(files(&dir) == before);

    // A transaction that was cut off, half of it in the file.
    assert_eq!(set("delete"), "delete");
    conn.execute_batch("pragma cache_size = 1; begin immediate").unwrap();
    for number in 0..500 {
        task(&conn, &format!("cut-off-{number}"), Some(FLOW));
    }
    std::fs::remove_dir_all(&dir).unwrap();
    crashed(&live, &dir, "-shm");
    let before = files(&dir);
    assert!(before.keys().any(|path| path.to_str().unwrap().ends_with("-journal")));
    let said = import(&home, &[]);
    assert_eq!((counts(&said, "present"), counts(&said, "taken")), ([1, 0, 0], [0, 0, 0]));
    assert!(files(&dir) == before);
}

#[test]
fn a_read_only_directory_is_read_and_stays_so() {
    let home = Home::new();
    let dir = home.path().join("claw");
    let conn: Connection = newer(&dir);
    flow(&conn, FLOW);
    task(&conn, TASK, Some(FLOW));
    drop(conn);
    let lock = |read_only: bool| {
        for path in ["claw/state/openclaw.sqlite", "claw/state"] {
            let path = home.path().join(path);
            let mut permissions = path.metadata().unwrap().permissions();
            permissions.set_readonly(read_only);
            std::fs::set_permissions(&path, permissions).unwrap();
        }
    };
    let before = files(&dir);
    lock(true);
    let said = import(&home, &[]);
    assert_eq!(counts(&said, "taken"), [1, 1, 0], "{said}");
    assert!(files(&dir) == before);
    // So that it can be deleted.
    lock(false);
}
