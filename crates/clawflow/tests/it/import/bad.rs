//! Files that are no ledger, and rows that nobody would write.

use super::ledger::{flow, newer, task};
use super::{FLOW, TASK, counts, import};
use crate::support::Home;
use rusqlite::{Connection, params};
use std::os::unix::fs::symlink;

#[test]
fn what_is_no_ledger_is_an_error_and_nothing_is_written() {
    let home = Home::new();
    let path = |name: &str| home.path().join(name);
    std::fs::create_dir(path("empty")).unwrap();
    home.write("text.sqlite", "no database, but long enough to be taken for one");
    home.write("nothing.sqlite", "");
    home.write("secret.sqlite", [0x5a; 8192]);
    symlink("loop.sqlite", path("loop.sqlite")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        path("pipe.sqlite"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let other = Connection::open(path("other.sqlite")).unwrap();
    other.execute_batch("create table notes (text)").unwrap();
    let view = Connection::open(path("view.sqlite")).unwrap();
    view.execute_batch("create table t (flow_id); create view flow_runs as select * from t")
        .unwrap();
    let schema = Connection::open(path("schema.sqlite")).unwrap();
    schema.execute_batch("create table flow_runs (flow_id text, goal text)").unwrap();

    let dir = path("claw");
    let conn = newer(&dir);
    flow(&conn, FLOW);
    (0..200).for_each(|number| task(&conn, &format!("task-{number}"), Some(FLOW)));
    drop(conn);
    let whole = std::fs::read(dir.join("state/openclaw.sqlite")).unwrap();
    home.write("cut.sqlite", &whole[..whole.len() / 2]);
    let mut torn = whole.clone();
    let middle = torn.len() / 2 / 4096 * 4096;
    torn[middle..middle + 4096].fill(0x5a);
    home.write("torn.sqlite", &torn);
    std::fs::create_dir(path("claw/cron")).unwrap();

    for (name, why) in [
        ("missing", "cannot read missing: "),
        ("empty", "empty has no ledger of OpenClaw: "),
        ("text.sqlite", "text.sqlite is no SQLite database, or is encrypted"),
        ("nothing.sqlite", "nothing.sqlite is no SQLite database, or is encrypted"),
        ("secret.sqlite", "secret.sqlite is no SQLite database, or is encrypted"),
        ("loop.sqlite", "cannot read loop.sqlite: "),
        ("pipe.sqlite", "pipe.sqlite is no regular file"),
        ("other.sqlite", "other.sqlite has no ledger of OpenClaw: "),
        ("view.sqlite", "view.sqlite has no ledger of OpenClaw: "),
        ("schema.sqlite", "schema.sqlite is of a schema that is not known: "),
        ("cut.sqlite", "cut.sqlite is "),
        ("torn.sqlite", "torn.sqlite is damaged: "),
    ] {
        let out = home.run(&["import", "openclaw", name]);
        assert_eq!(out.code, 2, "{name}: {out:?}");
        assert!(out.stderr.starts_with(&format!("error: {why}")), "{name}: {out:?}");
    }
    // A file that is there and cannot be read spoils the whole.
    for text in ["{", "{\"jobs\": 1}"] {
        home.write("claw/cron/jobs.json", text);
        assert_eq!(home.run(&["import", "openclaw", "claw"]).code, 2, "{text}");
    }
    assert!(!path("home/clawflow.db").exists(), "the home was not touched");
}

#[test]
fn a_row_that_cannot_be_taken_is_told_of_and_stops_no_other() {
    let home = Home::new();
    let conn = newer(&home.path().join("claw"));
    flow(&conn, FLOW);
    let set = |id: &str, column: &str, value: &dyn rusqlite::ToSql| {
        flow(&conn, id);
        let sql = format!("update flow_runs set {column} = ?2 where flow_id = ?1");
        conn.execute(&sql, params![id, value]).unwrap();
    };
    let huge = 17 << 20;
    set("binary", "goal", &vec![0xff_u8, 0, 1]);
    set("nul", "goal", &"a\0b");
    set("word", "created_at", &"yesterday");
    set("json", "state_json", &"{");
    set("status", "status", &"dreaming");
    set("engine", "controller_id", &"clawflow/engine");
    set("large", "state_json", &format!("\"{}\"", "x".repeat(300 * 1024)));
    flow(&conn, "huge");
    let sql = "update flow_runs set goal = zeroblob(?1) where flow_id = 'huge'";
    conn.execute(sql, [huge]).unwrap();
    set("escaped", "wait_json", &format!("\"{}\"", "\u{1}".repeat(600 * 1024)));
    let sql = "update flow_runs set flow_id = x'00ff' where flow_id = 'blob'";
    flow(&conn, "blob");
    conn.execute_batch(sql).unwrap();
    set("control", "goal", &"\u{1b}[31mred\u{7}");
    // Tasks that name each other, one that names nobody, and one with a name to fear.
    for (id, parent) in [("a", "b"), ("b", "a"), ("../../etc", "nobody")] {
        task(&conn, id, None);
        let sql =
            "update task_runs set parent_task_id = ?2, parent_flow_id = 'no' where task_id = ?1";
        conn.execute(sql, [id, parent]).unwrap();
    }
    task(&conn, TASK, Some(FLOW));
    let other = "update task_runs set owner_key = 'agent:other:main' where task_id = ?1";
    conn.execute(other, [TASK]).unwrap();

    let said = import(&home, &[]);
    assert_eq!(counts(&said, "taken"), [2, 4, 0], "{said}");
    let reason = |id: &str| {
        let left = said["leftOut"].as_array().unwrap();
        let line = left.iter().find(|line| line["id"] == id);
        line.unwrap_or_else(|| panic!("{id}: {said}"))["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(reason("binary"), "`goal` is binary");
    assert_eq!(reason("nul"), "`goal` contains a NUL character");
    assert_eq!(reason("word"), "`created_at` is no time");
    assert_eq!(reason("json"), "`state_json` is no JSON");
    assert_eq!(reason("status"), "`status` is unknown: dreaming");
    assert_eq!(reason("engine"), "clawflow/engine drives flows of workflow files only");
    assert_eq!(reason("large"), "`state_json` is larger than 262144 bytes");
    assert_eq!(reason("huge"), "a value of it is too large");
    assert_eq!(reason("escaped"), "it is larger than 2097152 bytes");
    assert_eq!(said["leftOut"].as_array().unwrap().len(), 10, "and the one without an id: {said}");
    // Nothing that it says acts on a terminal, and no id of it names a file.
    let shown = home.ok(&["flows", "list", "--all"]).stdout;
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    let fear = home.ok(&["tasks", "show", "../../etc", "--json"]).json();
    let id = fear["taskId"].as_str().unwrap();
    assert!(id.starts_with("task_") && !id.contains('/'), "{id}");
    let ancestors = ["a", "b"].map(|id| home.ok(&["tasks", "show", id, "--json"]).json());
    let with = ancestors.iter().filter(|task| task.get("parentTaskId").is_some());
    assert!(with.count() <= 1, "{ancestors:?}");
    let foreign = home.ok(&["tasks", "show", TASK, "--json"]).json();
    assert_eq!(foreign.get("parentFlowId"), None, "the flow is somebody else's");
    assert_eq!(counts(&import(&home, &[]), "present"), [2, 4, 0]);
}
