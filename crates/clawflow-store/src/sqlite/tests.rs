//! Tests of what only this store has: its statements and its schema.

use super::open::{self, SqliteOptions};
use super::store::FILE_NAME;
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Statements that may walk a whole table or index, with the reason.
const WALKS: &[(&str, &str)] = &[
    ("check_records", "looks at every row on purpose"),
    ("delivery_due", "the names of the routes that owe"),
    ("event_list", "walks the feed from a position"),
    ("flow_count", "counts all, in an index only"),
    ("flow_count_cancelling", "counts all of a partial index"),
    ("flow_ended", "walks the owners that are spared, who are few"),
    ("flow_find_part", "finds the middle of a word, in an index only"),
    ("last_seq", "takes the end of the primary key"),
    ("run_list", "walks the primary key as far as its page"),
    ("run_surplus", "walks the schedules in an index, and the newest runs of each"),
    ("schedule_count", "counts all, in an index only"),
    ("schedule_find_part", "finds the middle of a word, and they are few"),
    ("schedule_list", "walks the primary key as far as its page"),
    ("schedule_next", "takes the ends of two indexes"),
    ("task_ended", "walks the owners that are spared, who are few"),
    ("task_find_part", "finds the middle of a word, in an index only"),
    ("task_list_open", "walks the open tasks only"),
    ("token_list", "lists all, and they are few"),
    ("work_children", "walks a partial index"),
    ("work_tasks", "walks a partial index"),
    ("flow_lines", "walks a partial index"),
];

fn sources(dir: &str, extension: &str) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sqlite").join(dir);
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|e| e == extension)).collect()
}

fn store() -> (TempDir, Connection) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join(FILE_NAME);
    let conn = open::writer(dir.path(), &file, &SqliteOptions::default()).unwrap();
    (dir, conn)
}

fn plan(conn: &Connection, sql: &str) -> Vec<String> {
    let mut query = conn.prepare(&format!("explain query plan {sql}")).unwrap();
    let count = query.parameter_count();
    let params = rusqlite::params_from_iter(std::iter::repeat_n(1, count));
    query.query_map(params, |row| row.get(3)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn every_statement_is_used() {
    let code: String = sources("", "rs")
        .iter()
        .filter(|path| path.file_name().is_none_or(|name| name != "tests.rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let words: Vec<&str> = code.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    for path in sources("sql", "sql") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(words.contains(&name), "sql/{name}.sql is not used");
    }
    assert_eq!(sources("migrations", "sql").len(), super::migrate::KNOWN as usize);
}

#[test]
fn no_query_scans_a_table() {
    let (_dir, conn) = store();
    for path in sources("sql", "sql") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let sql = fs::read_to_string(&path).unwrap();
        let steps = plan(&conn, &sql);
        let walk = |step: &String| step.starts_with("SCAN") && step != "SCAN CONSTANT ROW";
        let walks = steps.iter().any(walk);
        let known = WALKS.iter().any(|(walk, _)| *walk == name);
        assert!(known || !walks, "{name}: {steps:?}");
    }
}

#[test]
fn what_is_due_is_found_by_its_time() {
    let (_dir, conn) = store();
    let uses = |name: &str, index: &str, sorts: bool| {
        let path = format!("{}/src/sqlite/sql/{name}.sql", env!("CARGO_MANIFEST_DIR"));
        let steps = plan(&conn, &fs::read_to_string(path).unwrap());
        assert!(steps.iter().any(|step| step.contains(index)), "{name}: {steps:?}");
        let sorted = steps.iter().any(|step| step.contains("TEMP B-TREE"));
        assert_eq!(sorted, sorts, "{name}: {steps:?}");
    };
    uses("due_steps", "step_due", false);
    uses("due_waits", "wait_due", false);
    uses("work_tasks", "USING COVERING INDEX task_open", true);
    uses("work_tasks_flow", "USING COVERING INDEX task_open", false);
    uses("flow_list", "USING COVERING INDEX flow_by_status", false);
    uses("flow_list_owner", "USING COVERING INDEX flow_by_owner", false);
    uses("flow_live_key", "flow_live_key", false);
    uses("flow_next_in_line", "USING COVERING INDEX flow_in_line (owner_key=? AND key=?", false);
    uses("flow_lines", "USING COVERING INDEX flow_in_line", false);
    let started = "run_by_start (schedule_id=? AND (started_at,run_id)>(?,?) AND started_at<?";
    uses("run_started", started, false);
    uses("run_window", "run_slot (schedule_id=? AND slot<?", false);
    uses("schedule_mirrors", "schedule_mirrors (schedule_id>?", false);
    uses("task_list_owner", "task_by_owner", false);
    uses("task_list_flow", "task_by_flow", false);
    uses("task_list_bad", "task_bad (status=? AND task_id>? AND task_id<?", false);
    let owner = "task_bad_of_owner (owner_key=? AND status=? AND task_id>? AND task_id<?";
    uses("task_list_bad_owner", owner, false);
    uses("task_list_label", "task_by_label (label=? AND task_id>? AND task_id<?", false);
    uses("task_list_runtime", "task_by_runtime (runtime=? AND task_id>? AND task_id<?", false);
    uses("task_list", "sqlite_autoindex_task_1 (task_id>? AND task_id<?", false);
    uses("task_ended", "task_alone (status=? AND task_id>? AND task_id<?", false);
    let ended = "INDEX flow_by_status (status=? AND flow_id>? AND flow_id<?";
    uses("flow_ended", ended, false);
    uses("task_of_run", "task_by_run", false);
    uses("task_in_queues", "task_in_queues (status=?", false);
    uses("queue_starts", "task_starts (queue=? AND started_at>?", false);
    uses("task_count_by", "task_by_flow", true);
    uses("flow_retried", "USING COVERING INDEX flow_by_retry_of", false);
    uses("flow_find_key", "USING COVERING INDEX flow_by_key", false);
    uses("flow_of_key", "USING COVERING INDEX flow_by_key", false);
    uses("flow_of_key", "flow_live_key", false);
    uses("wait_open_event", "wait_open_event (owner_key=? AND target=? AND event_key=?", false);
    uses("event_list_owner", "event_by_owner (owner_key=? AND rowid>?", false);
    uses("flow_live", "flow_by_status (status=? AND flow_id>? AND flow_id<?", false);
    uses("wait_open_kind", "INDEX wait_open (kind=? AND wait_id>?", false);
}

#[test]
fn what_is_owed_is_found_by_an_index() {
    let (_dir, conn) = store();
    let uses = |name: &str, index: &str| {
        let path = format!("{}/src/sqlite/sql/{name}.sql", env!("CARGO_MANIFEST_DIR"));
        let steps = plan(&conn, &fs::read_to_string(path).unwrap());
        assert!(steps.iter().any(|step| step.contains(index)), "{name}: {steps:?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{name}: {steps:?}");
    };
    uses("delivery_list", "COVERING INDEX delivery_by_state (state=? AND delivery_id<?");
    uses("delivery_list_oldest", "COVERING INDEX delivery_by_state (state=? AND delivery_id>?");
    let owner = "COVERING INDEX delivery_by_owner (owner_key=? AND state=? AND delivery_id";
    uses("delivery_list_owner", owner);
    uses("delivery_list_owner_oldest", owner);
    uses("inbox", "COVERING INDEX delivery_by_place (state=? AND place>?");
    let owner = "COVERING INDEX delivery_by_place_of_owner (owner_key=? AND state=? AND place>?";
    uses("inbox_owner", owner);
    uses("delivery_list_flow", "COVERING INDEX delivery_by_flow");
    uses("delivery_list_task", "COVERING INDEX delivery_by_task");
    uses("check_owed", "COVERING INDEX delivery_by_flow");
    uses("check_sent", "COVERING INDEX delivery_message");
    uses("purge_deliveries", "delivery_by_flow");
    uses("delivery_due", "delivery_due (route_name=? AND due_at<?");
    uses("delivery_expire", "COVERING INDEX delivery_closed (closed_at>? AND closed_at<?");
    uses("signal_kept", "signal_by_owner (owner_key=? AND name=?");
    uses("signal_list", "SEARCH signal USING INDEX sqlite_autoindex_signal_1 (signal_id>?");
    uses("signal_count", "COVERING INDEX signal_by_owner");
    uses("outcome_expire", "outcome_by_age (created_at<?");
    uses("token_find", "token_by_label");
}

#[test]
fn schedules_are_found_by_an_index() {
    let (_dir, conn) = store();
    let uses = |name: &str, index: &str| {
        let path = format!("{}/src/sqlite/sql/{name}.sql", env!("CARGO_MANIFEST_DIR"));
        let steps = plan(&conn, &fs::read_to_string(path).unwrap());
        assert!(steps.iter().any(|step| step.contains(index)), "{name}: {steps:?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{name}: {steps:?}");
    };
    uses("schedule_due", "schedule_due (next_at>? AND next_at<?");
    uses("schedule_next", "COVERING INDEX schedule_due");
    uses("schedule_next", "COVERING INDEX run_due");
    uses("schedule_list_owner", "schedule_by_owner (owner_key=? AND schedule_id<?");
    uses("schedule_count", "COVERING INDEX schedule_by_owner");
    uses("check_schedule_name", "schedule_by_name (name=? AND owner_key=?");
    uses("check_slot", "COVERING INDEX run_slot (schedule_id=? AND slot=?");
    uses("run_due", "run_due (due_at>? AND due_at<?");
    uses("run_open_of", "run_open (schedule_id=?");
    uses("run_open", "run_open_all (run_id>?");
    uses("run_of_work", "run_by_task (task_id=?");
    uses("run_of_work", "run_by_flow (flow_id=?");
    uses("run_list_of", "run_by_schedule (schedule_id=? AND run_id<?");
    uses("run_expire", "run_ended (ended_at>? AND ended_at<?");
    uses("definition_purge", "COVERING INDEX schedule_by_definition");
}

#[test]
fn files_are_for_their_owner_only() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("a/b");
    let file = dir.join(FILE_NAME);
    let conn = open::writer(&dir, &file, &SqliteOptions::default()).unwrap();
    conn.execute_batch("update meta set value = 7 where name = 'epoch'").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(mode(&parent.path().join("a")), 0o700);
    for name in ["clawflow.db", "clawflow.db-wal", "clawflow.db-shm"] {
        assert_eq!(mode(&dir.join(name)), 0o600, "{name}");
    }
}

#[test]
fn the_schema_refuses_what_the_rules_refuse() {
    let (_dir, conn) = store();
    let flow = |status: &str, mode: &str, ended: &str| {
        conn.execute_batch(&format!(
            "begin; insert into flow (flow_id, owner_key, sync_mode, status, revision,
             created_at, ended_at, record) values ('f', 'o', '{mode}', '{status}', 0, 1, {ended},
             '{{}}'); rollback"
        ))
        .inspect_err(|_| conn.execute_batch("rollback").unwrap())
    };
    flow("running", "managed", "null").unwrap();
    flow("lost", "managed", "2").unwrap();
    flow("blocked", "managed", "null").unwrap();
    flow("blocked", "task_mirrored", "2").unwrap();
    flow("blocked", "managed", "2").unwrap_err();
    flow("running", "managed", "2").unwrap_err();
    flow("lost", "managed", "null").unwrap_err();
    flow("odd", "managed", "null").unwrap_err();
    flow("running", "odd", "null").unwrap_err();
    let step = "insert into step (flow_id, step_id, version, status, record)
        values ('nobody', 's', 1, 'pending', '{}')";
    conn.execute_batch(step).unwrap_err();
    let delivery = |state: &str, due: &str, closed: &str| {
        conn.execute_batch(&format!(
            "begin; insert into delivery (delivery_id, owner_key, idempotency_key, route,
             route_name, version, state, due_at, created_at, closed_at, record) values ('d', 'o',
             'k', 'inbox', '', 1, '{state}', {due}, 1, {closed}, '{{}}'); rollback"
        ))
        .inspect_err(|_| conn.execute_batch("rollback").unwrap())
    };
    delivery("pending", "1", "null").unwrap();
    delivery("session_queued", "null", "null").unwrap();
    delivery("dismissed", "null", "1").unwrap();
    delivery("pending", "null", "null").unwrap_err();
    delivery("pending", "1", "1").unwrap_err();
    delivery("session_queued", "1", "null").unwrap_err();
    delivery("delivered", "null", "1").unwrap_err();
    delivery("failed", "null", "null").unwrap_err();
    delivery("odd", "null", "null").unwrap_err();
    let token = "insert into token values ('t', '', 'l', null, 1, 1, '{}')";
    conn.execute_batch(token).unwrap_err();
}

/// A search in a table without rowid reads the whole of each long row that it passes.
#[test]
fn long_rows_have_a_rowid() {
    let (_dir, conn) = store();
    let mut query = conn
        .prepare("select name from pragma_table_list where schema = 'main' and wr order by name")
        .unwrap();
    let without = query.query_map([], |row| row.get(0)).unwrap();
    let without: Vec<String> = without.map(Result::unwrap).collect();
    assert_eq!(without, ["meta", "run", "token"], "are all of its rows shorter than 1,000 bytes?");
}
