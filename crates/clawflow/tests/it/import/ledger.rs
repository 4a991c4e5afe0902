//! Ledgers as OpenClaw makes them, by the documented schema.

use rusqlite::{Connection, params};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const FLOWS: &str = "create table flow_runs (
    flow_id text primary key, shape text, sync_mode text not null default 'managed',
    owner_key text not null, requester_origin_json text, controller_id text,
    revision integer not null default 0, status text not null, notify_policy text not null,
    goal text not null, current_step text, blocked_task_id text, blocked_summary text,
    state_json text, wait_json text, cancel_requested_at integer, created_at integer not null,
    updated_at integer not null, ended_at integer)";
/// As they were for a day, before there were controllers.
const OLD_FLOWS: &str = "create table flow_runs (
    flow_id text primary key, shape text not null, owner_session_key text not null,
    requester_origin_json text, status text not null, notify_policy text not null,
    goal text not null, current_step text, waiting_on_task_id text, outputs_json text,
    blocked_task_id text, blocked_summary text, created_at integer not null,
    updated_at integer not null, ended_at integer)";
const TASKS: &str = "create table task_runs (
    task_id text primary key, runtime text, task_kind text, source_id text,
    requester_session_key text, owner_key text, scope_kind text, child_session_key text,
    parent_flow_id text, parent_task_id text, agent_id text, requester_agent_id text, run_id text,
    label text, task text, status text, delivery_status text, notify_policy text,
    created_at integer, started_at integer, ended_at integer, last_event_at integer,
    cleanup_after integer, tool_use_count integer, last_tool_name text, error text,
    progress_summary text, terminal_summary text, terminal_outcome text, detail_json text)";
const DELIVERY: &str = "create table task_delivery_state (
    task_id text primary key references task_runs (task_id) on delete cascade,
    requester_origin_json text, last_notified_event_at integer)";
const JOBS: &str = "create table cron_jobs (
    store_key text not null, job_id text not null, declaration_key text, name text,
    enabled integer, agent_id text, payload_kind text, job_json text,
    state_json text not null default '{}', updated_at integer, primary key (store_key, job_id))";

/// Milliseconds since 1970, now.
pub(super) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// An empty database of the newer layout.
pub(super) fn newer(dir: &Path) -> Connection {
    made(&dir.join("state"), "openclaw.sqlite", &[FLOWS, TASKS, DELIVERY, JOBS])
}

/// The flows of the first layout.
pub(super) fn first_flows(dir: &Path) -> Connection {
    made(&dir.join("flows"), "registry.sqlite", &[FLOWS])
}

/// The tasks of the first layout.
pub(super) fn first_tasks(dir: &Path) -> Connection {
    made(&dir.join("tasks"), "runs.sqlite", &[TASKS, DELIVERY])
}

/// Flows of ClawFlow.
pub(super) fn old_flows(dir: &Path) -> Connection {
    made(&dir.join("flows"), "registry.sqlite", &[OLD_FLOWS])
}

fn made(dir: &Path, name: &str, tables: &[&str]) -> Connection {
    std::fs::create_dir_all(dir).unwrap();
    let conn = Connection::open(dir.join(name)).unwrap();
    tables.iter().for_each(|sql| conn.execute_batch(sql).unwrap());
    conn
}

/// A waiting flow of a controller.
pub(super) fn flow(conn: &Connection, id: &str) {
    conn.execute(
        "insert into flow_runs (flow_id, owner_key, controller_id, revision, status, notify_policy,
            goal, current_step, state_json, wait_json, created_at, updated_at)
         values (?1, 'agent:main:main', 'my-plugin/inbox', 3, 'waiting', 'done_only', 'triage',
            'ask', '{\"cursor\":7}', 'null', ?2, ?3)",
        params![id, now() - 9000, now() - 5000],
    )
    .unwrap();
}

/// A task that has ended, of a flow if one is named.
pub(super) fn task(conn: &Connection, id: &str, flow: Option<&str>) {
    conn.execute(
        "insert into task_runs (task_id, runtime, owner_key, scope_kind, parent_flow_id, run_id,
            label, task, status, delivery_status, notify_policy, created_at, started_at, ended_at,
            last_event_at, terminal_summary)
         values (?1, 'subagent', 'agent:main:main', 'session', ?2, 'run-' || ?1, 'logs',
            'collect logs', 'succeeded', 'pending', 'done_only', ?3, ?4, ?5, ?5, 'all there')",
        params![id, flow, now() - 8000, now() - 7000, now() - 6000],
    )
    .unwrap();
}

/// A job that runs a command each hour.
pub(super) fn job(conn: &Connection, id: &str) {
    conn.execute(
        "insert into cron_jobs (store_key, job_id, name, enabled, job_json)
         values ('main', ?1, 'tidy', 1, ?2)",
        params![id, job_json(id).to_string()],
    )
    .unwrap();
}

pub(super) fn job_json(id: &str) -> Value {
    serde_json::json!({
        "id": id, "name": "tidy", "enabled": true, "createdAtMs": now() - 9000,
        "schedule": { "kind": "cron", "expr": "0 * * * *", "tz": "Europe/Berlin" },
        "sessionTarget": "isolated",
        "payload": { "kind": "command", "argv": ["sh", "-lc", "true"] },
        "state": { "nextRunAtMs": now() },
    })
}

/// Every file below a directory, with its bytes.
pub(super) fn files(dir: &Path) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => dirs.push(path),
                false => {
                    let bytes = std::fs::read(&path).unwrap();
                    found.insert(path, bytes);
                }
            }
        }
    }
    found
}
