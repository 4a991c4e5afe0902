//! `clawflow import openclaw`: what is taken over, once, and from a ledger that stays as it is.

mod bad;
mod files;
mod ledger;

use crate::support::Home;
use ledger::{first_flows, first_tasks, flow, job, job_json, newer, now, old_flows, task};
use serde_json::{Value, json};

const FLOW: &str = "3f2a9c1e-1111-4000-8000-000000000001";
const TASK: &str = "3f2a9c1e-2222-4000-8000-000000000002";
const JOB: &str = "3f2a9c1e-3333-4000-8000-000000000003";

/// What an import says in JSON.
#[track_caller]
fn import(home: &Home, more: &[&str]) -> Value {
    home.ok(&[&["import", "openclaw", "claw", "--json"], more].concat()).json()
}

/// Numbers of flows, tasks and schedules with this outcome.
fn counts(said: &Value, outcome: &str) -> [u64; 3] {
    ["flows", "tasks", "schedules"].map(|kind| said["counts"][kind][outcome].as_u64().unwrap())
}

/// A home beside a ledger with a flow, a task of it, and a job.
fn home() -> Home {
    let home = Home::new();
    let conn = newer(&home.path().join("claw"));
    flow(&conn, FLOW);
    task(&conn, TASK, Some(FLOW));
    let origin = r#"{"channel":"slack","to":"C1"}"#;
    conn.execute("insert into task_delivery_state values (?1, ?2, 5)", [TASK, origin]).unwrap();
    job(&conn, JOB);
    home
}

#[test]
fn what_is_taken_over_is_found_by_its_old_id_and_comes_once() {
    let home = home();
    let said = import(&home, &[]);
    assert_eq!(counts(&said, "taken"), [1, 1, 1], "{said}");
    assert_eq!((&said["leftOut"], &said["notes"]), (&json!([]), &json!([])));

    let shown = home.ok(&["flows", "show", FLOW, "--json"]).json();
    assert_eq!(shown["imported"]["id"], FLOW);
    assert_eq!((&shown["status"], &shown["revision"]), (&json!("waiting"), &json!(3)));
    assert_eq!((&shown["stateJson"], &shown["waitJson"]), (&json!({ "cursor": 7 }), &json!(null)));
    assert!(shown.as_object().unwrap().contains_key("waitJson"), "null is a value");
    assert_eq!(shown["tasks"][0]["imported"]["id"], TASK);
    let ended = home.ok(&["tasks", "show", TASK, "--json"]).json();
    assert_eq!(ended["parentFlowId"], shown["flowId"]);
    assert_eq!(ended["terminalSummary"], "all there");
    assert_eq!(ended["requesterOrigin"], json!({ "channel": "slack", "to": "C1" }));
    let run = home.ok(&["tasks", "show", &format!("run-{TASK}"), "--json"]).json();
    assert_eq!(run["taskId"], ended["taskId"]);
    let schedule = home.ok(&["cron", "show", JOB, "--json"]).json();
    assert_eq!((&schedule["name"], &schedule["enabled"]), (&json!("tidy"), &json!(false)));
    let kinds = home.ok(&["flows", "events", FLOW, "--json"]).stdout;
    assert!(kinds.contains("flow.imported") && kinds.contains("task.imported"), "{kinds}");
    let owed = home.ok(&["inbox", "list", "--all", "--json"]).json();
    assert_eq!(owed["deliveries"], json!([]), "the messages of the original are its own");

    let again = import(&home, &[]);
    assert_eq!(counts(&again, "present"), [1, 1, 1], "{again}");
    assert_eq!(counts(&again, "taken"), [0, 0, 0]);
    let missing = home.run(&["flows", "show", "3f2a9c1e-1111-4000-8000-000000000009"]);
    assert_eq!(missing.code, 3, "{missing:?}");
}

#[test]
fn a_dry_run_says_the_same_and_does_nothing() {
    let home = home();
    let said = home.ok(&["import", "openclaw", "claw", "--dry-run"]);
    assert!(said.stdout.contains("flows: 1 to be taken\ntasks: 1 to be taken\n"), "{said:?}");
    assert!(said.stderr.contains("nothing was changed"), "{said:?}");
    assert_eq!(counts(&import(&home, &["--dry-run"]), "taken"), [1, 1, 1]);
    assert_eq!(home.run(&["flows", "show", FLOW]).code, 3);
    assert_eq!(counts(&import(&home, &[]), "taken"), [1, 1, 1]);
}

#[test]
fn under_a_gateway_a_controller_goes_on_with_the_old_id_and_revision() {
    let mut home = home();
    home.start_gateway();
    assert_eq!(counts(&import(&home, &[]), "taken"), [1, 1, 1]);
    let bound = ["--owner", "agent:main:main"];
    let resume = ["flows", "resume", FLOW, "--expected-revision"];
    let stale = home.run(&[&resume[..], &["2"], &bound].concat());
    assert_eq!(stale.code, 4, "{stale:?}");
    home.ok(&[&resume[..], &["3"], &bound].concat());
    home.ok(&[&["flows", "finish", FLOW, "--expected-revision", "4"], &bound[..]].concat());
    assert_eq!(home.ok(&["flows", "show", FLOW, "--json"]).json()["status"], "succeeded");
    home.kill_newest();
    home.start_gateway();
    assert_eq!(counts(&import(&home, &[]), "present"), [1, 1, 1], "it has not moved there");
}

#[test]
fn an_open_flow_follows_the_original_until_it_is_moved_here() {
    let home = home();
    let conn = rusqlite::Connection::open(home.path().join("claw/state/openclaw.sqlite")).unwrap();
    let moved = |revision: i64| {
        let sql = "update flow_runs set revision = ?1, current_step = 'step ' || ?1";
        conn.execute(sql, [revision]).unwrap();
    };
    import(&home, &[]);
    moved(4);
    let said = import(&home, &[]);
    assert_eq!(counts(&said, "updated"), [1, 0, 0], "{said}");
    let shown = home.ok(&["flows", "show", FLOW, "--json"]).json();
    assert_eq!((&shown["revision"], &shown["currentStep"]), (&json!(4), &json!("step 4")));
    home.ok(&["flows", "set-output", FLOW, "here", "1"]);
    moved(5);
    let said = import(&home, &[]);
    assert_eq!(counts(&said, "kept"), [1, 0, 0], "{said}");
    let why = "it has changed here and in OpenClaw since it was imported";
    assert_eq!(said["leftOut"][0]["reason"], why);
    let shown = home.ok(&["flows", "show", FLOW, "--json"]).json();
    assert_eq!(shown["currentStep"], "step 4");
}

#[test]
fn what_is_still_active_there_comes_when_it_has_ended() {
    let home = home();
    let conn = rusqlite::Connection::open(home.path().join("claw/state/openclaw.sqlite")).unwrap();
    let mirror = "update flow_runs set sync_mode = 'task_mirrored', controller_id = null, status =";
    conn.execute_batch(&format!("{mirror} 'running'")).unwrap();
    conn.execute_batch("update task_runs set status = 'running', ended_at = null").unwrap();
    let out = home.ok(&["import", "openclaw", "claw"]);
    assert!(out.stdout.contains("tasks: 1 still active there\n"), "{out:?}");
    assert!(out.stdout.contains(&format!("  task {TASK}: it is still running in OpenClaw\n")));
    assert!(out.stderr.contains("hint: what is still active in OpenClaw"), "{out:?}");
    assert!(home.ok(&["tasks", "list"]).stdout.is_empty(), "nothing of it is lost here");
    conn.execute(&format!("{mirror} 'succeeded', ended_at = ?1"), [now()]).unwrap();
    conn.execute("update task_runs set status = 'succeeded', ended_at = ?1", [now()]).unwrap();
    assert_eq!(counts(&import(&home, &[]), "taken"), [1, 1, 0]);
    let shown = home.ok(&["flows", "show", FLOW, "--json"]).json();
    assert_eq!(
        (&shown["syncMode"], &shown["status"]),
        (&json!("task_mirrored"), &json!("succeeded"))
    );
}

#[test]
fn the_first_layout_is_read_with_its_file_of_jobs() {
    let home = Home::new();
    let dir = home.path().join("claw");
    flow(&first_flows(&dir), FLOW);
    task(&first_tasks(&dir), TASK, Some(FLOW));
    std::fs::create_dir(dir.join("cron")).unwrap();
    let jobs = json!({ "version": 1, "jobs": [job_json(JOB), 7] });
    home.write("claw/cron/jobs.json", jobs.to_string());
    let said = import(&home, &[]);
    assert_eq!(counts(&said, "taken"), [1, 1, 1], "{said}");
    assert_eq!(said["leftOut"][0]["id"], "job 2");
    assert_eq!(
        home.ok(&["flows", "show", FLOW, "--json"]).json()["tasks"][0]["imported"]["id"],
        TASK
    );
    // One of its files alone will do as well.
    let alone = home.ok(&["--home", "other", "import", "openclaw", "claw/tasks/runs.sqlite"]);
    assert!(alone.stdout.contains("tasks: 1 taken\n"), "{alone:?}");
    let ended = home.ok(&["--home", "other", "tasks", "show", TASK, "--json"]).json();
    assert_eq!(ended.get("parentFlowId"), None);
    let why = home.ok(&["--home", "other", "flows", "events", "--json"]).stdout;
    assert!(why.contains(&format!("its flow {FLOW} is not in OpenClaw's ledger")), "{why}");
}

#[test]
fn flows_of_clawflow_are_read_by_their_old_columns() {
    let home = Home::new();
    let conn = old_flows(&home.path().join("claw"));
    conn.execute(
        "insert into flow_runs (flow_id, shape, owner_session_key, status, notify_policy, goal,
            waiting_on_task_id, outputs_json, created_at, updated_at)
         values (?1, 'linear', 'agent:ops:main', 'waiting', 'silent', 'report', 't-9',
            '{\"pages\":[1,2]}', ?2, ?2)",
        rusqlite::params![FLOW, now() - 1000],
    )
    .unwrap();
    assert_eq!(counts(&import(&home, &[]), "taken"), [1, 0, 0]);
    let shown = home.ok(&["flows", "show", FLOW, "--json"]).json();
    assert_eq!(shown["outputs"], json!({ "pages": [1, 2] }));
    assert_eq!(shown["waitJson"], json!({ "kind": "task", "taskId": "t-9" }));
    assert_eq!(shown["ownerKey"], "agent:ops:main");
}

#[test]
fn of_two_layouts_the_newer_record_counts() {
    let home = home();
    let dir = home.path().join("claw");
    let (flows, tasks) = (first_flows(&dir), first_tasks(&dir));
    // The same flow, later; the same task, earlier; and a task that only the old file has.
    flow(&flows, FLOW);
    let later = "update flow_runs set updated_at = ?1, goal = 'later', revision = 8";
    flows.execute(later, [now()]).unwrap();
    task(&tasks, TASK, None);
    let earlier = "update task_runs set last_event_at = 1, ended_at = 1, status = 'failed'";
    tasks.execute_batch(earlier).unwrap();
    task(&tasks, "only-here", Some(FLOW));
    let said = import(&home, &[]);
    assert_eq!(counts(&said, "taken"), [1, 2, 1], "{said}");
    let shown = home.ok(&["flows", "show", FLOW, "--json"]).json();
    assert_eq!((&shown["goal"], &shown["revision"]), (&json!("later"), &json!(8)));
    assert_eq!(home.ok(&["tasks", "show", TASK, "--json"]).json()["status"], "succeeded");
    assert_eq!(counts(&import(&home, &[]), "present"), [1, 2, 1]);
}

#[test]
fn what_would_be_deleted_at_once_is_left_out() {
    let home = home();
    let dir = home.path().join("claw");
    let conn = rusqlite::Connection::open(dir.join("state/openclaw.sqlite")).unwrap();
    let week = now() - 8 * 24 * 60 * 60 * 1000;
    let old = "update task_runs set created_at = ?1, started_at = ?1, ended_at = ?1,
        last_event_at = ?1";
    conn.execute(old, [week]).unwrap();
    task(&conn, "alone", None);
    conn.execute(&format!("{old} where task_id = 'alone'"), [week]).unwrap();
    for more in [&["--dry-run"][..], &[]] {
        let said = import(&home, more);
        assert_eq!(counts(&said, "expired"), [0, 1, 0], "{said}");
        assert_eq!(counts(&said, "taken"), [1, 1, 1], "what belongs to a live flow is kept");
    }
    home.ok(&["tasks", "maintenance", "--apply"]);
    assert_eq!(home.ok(&["tasks", "show", TASK, "--json"]).json()["status"], "succeeded");
    let mut longer = home.command(&["import", "openclaw", "claw", "--json"]);
    let out = longer.env("CLAWFLOW_RETENTION_SUCCEEDED", "30d").output().unwrap();
    let said = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(counts(&said, "taken"), [0, 1, 0], "{said}");
}

#[test]
fn jobs_fire_here_only_if_that_is_asked_for() {
    let home = Home::new();
    let conn = newer(&home.path().join("claw"));
    job(&conn, JOB);
    job(&conn, "off");
    conn.execute_batch("update cron_jobs set enabled = 0 where job_id = 'off'").unwrap();
    job(&conn, "turn");
    let mut turn = job_json("turn");
    turn["payload"] = json!({ "kind": "agentTurn", "message": "look at the inbox" });
    let sql = "update cron_jobs set job_json = ?1 where job_id = 'turn'";
    conn.execute(sql, [turn.to_string()]).unwrap();
    let said = import(&home, &["--enable"]);
    assert_eq!(counts(&said, "taken"), [0, 0, 2], "{said}");
    assert_eq!(said["leftOut"][0]["reason"], "agent not found: main");
    assert_eq!(home.ok(&["cron", "show", JOB, "--json"]).json()["enabled"], true);
    let off = home.ok(&["cron", "show", "off", "--json"]).json();
    assert_eq!((&off["enabled"], &off["name"]), (&json!(false), &json!("tidy (off)")));
    assert_eq!(counts(&import(&home, &["--agent", "claude"]), "taken"), [0, 0, 1]);
    let turn = home.ok(&["cron", "show", "turn", "--json"]).json();
    assert_eq!(turn["payload"]["agent"], "claude");
}
