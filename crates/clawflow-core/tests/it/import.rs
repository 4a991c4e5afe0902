//! What is made of OpenClaw's rows, and what is done about a record that is here already.

use clawflow_core::flow::{Flow, FlowStatus, SyncMode};
use clawflow_core::import::openclaw::{
    self, FLOW_COLUMNS, JobPlace, ReadTask, Row, TASK_COLUMNS, flow_unit, task_unit,
};
use clawflow_core::import::{
    Columns, ImportOutcome, Verdict, id_part, judge_flow, judge_schedule, judge_task,
};
use clawflow_core::json::Object;
use clawflow_core::schedule::{Payload, Spec};
use clawflow_core::task::{DeliveryStatus, ScopeKind, TaskStatus};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: i64 = 1_790_000_000_000;
const ID: &str = "3f2a9c1e-0000-4000-8000-000000000001";

fn object(value: Value) -> Object {
    let Value::Object(object) = value else { panic!("an object") };
    object
}

fn with(mut row: Object, more: Value) -> Object {
    row.extend(object(more));
    row
}

fn flow_row(more: Value) -> Object {
    let row = json!({
        "flow_id": ID, "sync_mode": "managed", "owner_key": "agent:main:main",
        "controller_id": "my-plugin/inbox", "revision": 3, "status": "waiting",
        "notify_policy": "done_only", "goal": "triage", "created_at": NOW - 9000,
        "updated_at": NOW - 5000,
    });
    with(object(row), more)
}

fn task_row(more: Value) -> Object {
    let row = json!({
        "task_id": ID, "runtime": "subagent", "owner_key": "agent:main:main",
        "scope_kind": "session", "task": "collect logs", "status": "succeeded",
        "delivery_status": "pending", "notify_policy": "done_only", "created_at": NOW - 9000,
        "started_at": NOW - 8000, "last_event_at": NOW - 7000, "ended_at": NOW - 7000,
    });
    with(object(row), more)
}

fn flow(more: Value) -> Flow {
    openclaw::flow(Columns(&flow_row(more)), NOW).unwrap()
}

fn task(more: Value) -> ReadTask {
    openclaw::task(Columns(&task_row(more)), NOW).unwrap()
}

#[test]
fn a_managed_flow_keeps_what_its_controller_decides_by() {
    let more = json!({
        "state_json": "null", "wait_json": "{\"for\":\"mail\"}", "cancel_requested_at": NOW - 4000,
        "requester_origin_json": "{\"channel\":\"slack\",\"threadId\":17}",
        "current_step": " ask ", "blocked_task_id": "t-1", "blocked_task_created_at": NOW - 8000,
    });
    let flow = flow(more);
    assert!(flow.flow_id.0.ends_with(&id_part("openclaw", ID)), "{}", flow.flow_id);
    assert_eq!((flow.status, flow.revision), (FlowStatus::Waiting, 3));
    assert_eq!(flow.controller_id.as_deref(), Some("my-plugin/inbox"));
    assert_eq!(flow.state_json, Some(Value::Null), "null is a value");
    assert_eq!(flow.wait_json, Some(json!({ "for": "mail" })));
    assert_eq!(flow.cancel_requested_at, Some(NOW - 4000));
    assert_eq!(flow.current_step.as_deref(), Some("ask"));
    assert_eq!(flow.requester_origin.unwrap().thread_id.as_deref(), Some("17"));
    let blocker = flow.blocked_task_id.unwrap();
    assert!(blocker.0.ends_with(&id_part("openclaw", "t-1")), "{blocker}");
    assert_eq!((flow.created_at, flow.updated_at, flow.ended_at), (NOW - 9000, NOW - 5000, None));
    let imported = flow.imported.unwrap();
    assert_eq!((&*imported.system, &*imported.id, imported.at), ("openclaw", ID, NOW));
    assert_eq!(self::flow(json!({})).state_json, None, "nothing is nothing");
}

#[test]
fn a_flow_of_clawflow_is_read_by_its_old_columns() {
    let mut row = flow_row(json!({
        "shape": "linear", "owner_session_key": "agent:ops:main", "waiting_on_task_id": "t-9",
        "outputs_json": "{\"report\":[1]}",
    }));
    for name in ["sync_mode", "owner_key", "controller_id", "revision", "notify_policy"] {
        row.remove(name);
    }
    let flow = openclaw::flow(Columns(&row), NOW).unwrap();
    assert_eq!((flow.sync_mode, flow.revision), (SyncMode::Managed, 0));
    assert_eq!(flow.owner_key, "agent:ops:main");
    assert_eq!(flow.controller_id.as_deref(), Some("core/legacy-restored"));
    assert_eq!(flow.wait_json, Some(json!({ "kind": "task", "taskId": "t-9" })));
    assert_eq!(Value::Object(flow.outputs), json!({ "report": [1] }));
    row.extend(object(json!({ "shape": "single_task", "status": "failed", "ended_at": NOW })));
    let mirrored = openclaw::flow(Columns(&row), NOW).unwrap();
    assert_eq!((mirrored.sync_mode, mirrored.controller_id), (SyncMode::TaskMirrored, None));
}

#[test]
fn a_mirrored_flow_comes_once_its_task_has_ended() {
    let mirrored = |status: &str, ended: Value| {
        let more = json!({ "sync_mode": "task_mirrored", "status": status, "ended_at": ended });
        openclaw::flow(Columns(&flow_row(more)), NOW)
    };
    assert_eq!(mirrored("running", json!(null)).unwrap_err().outcome, ImportOutcome::Active);
    // The first releases do not say that what is blocked has ended.
    for ended in [json!(null), json!(NOW - 6000)] {
        let flow = mirrored("blocked", ended).unwrap();
        assert!(flow.is_terminal() && flow.updated_at >= flow.ended_at.unwrap(), "{flow:?}");
    }
}

#[test]
fn a_task_is_history_and_owes_nothing() {
    let read = task(json!({
        "parent_flow_id": "f-1", "flow_created_at": NOW - 9500, "tool_use_count": 4,
        "run_id": "run-1", "terminal_outcome": "blocked", "error": "x".repeat(5000),
        "created_at": NOW - 8500, "started_at": NOW - 8800,
    }));
    let task = &read.task;
    assert_eq!((task.status, task.reported, task.version), (TaskStatus::Succeeded, true, 0));
    assert_eq!(task.delivery_status, DeliveryStatus::NotApplicable);
    assert_eq!(read.delivery.as_deref(), Some("pending"));
    let flow = task.parent_flow_id.as_ref().unwrap();
    assert!(flow.0.ends_with(&id_part("openclaw", "f-1")));
    assert_eq!(task.usage.as_ref().unwrap().tool_calls, Some(4));
    assert_eq!(task.error.as_ref().unwrap().chars().count(), 2001);
    assert!(task.created_at <= task.started_at.unwrap(), "the original has such times");
    let told = self::task(json!({ "delivery_status": "delivered" })).task;
    assert_eq!(told.delivery_status, DeliveryStatus::Delivered);
    let nobody = self::task(json!({ "owner_key": "", "scope_kind": "system" })).task;
    assert_eq!((&*nobody.owner_key, nobody.scope_kind), ("system", ScopeKind::System));
}

#[test]
fn a_task_whose_flow_is_gone_says_so_and_no_task_is_its_own_ancestor() {
    let lonely = task(json!({ "parent_flow_id": "f-1" }));
    assert_eq!(lonely.task.parent_flow_id, None);
    let why = lonely.unlinked.as_deref();
    assert_eq!(why, Some("its flow f-1 is not in OpenClaw's ledger"));
    let parent = |id: &str, at: i64| {
        let more = json!({ "parent_task_id": id, "parent_task_created_at": at });
        task(more).task.parent_task_id
    };
    assert_eq!(parent(ID, NOW - 9000), None);
    assert!(parent("0", NOW - 9000).is_some() && parent("z", NOW - 9001).is_some());
    assert_eq!(parent("z", NOW - 9000), None, "of two that name each other one does");
    let gone = json!({ "parent_task_id": "t-0" });
    assert_eq!(task(gone).task.parent_task_id, None);
}

#[test]
fn what_cannot_be_taken_says_why() {
    let deep = "[".repeat(2000);
    let large = format!("\"{}\"", "x".repeat(300 * 1024));
    let flows: &[(Value, &str)] = &[
        (json!({ "flow_id": "" }), "`flow_id` is blank"),
        (json!({ "flow_id": 7 }), "`flow_id` is no text"),
        (json!({ "flow_id": "x".repeat(600) }), "`flow_id` is longer than 512 characters"),
        (json!({ "status": "sleeping" }), "`status` is unknown: sleeping"),
        (json!({ "sync_mode": "dreamt" }), "`sync_mode` is unknown: dreamt"),
        (json!({ "notify_policy": "loud" }), "`notify_policy` is unknown: loud"),
        (json!({ "owner_key": " " }), "`owner_key` is blank"),
        (json!({ "goal": "" }), "`goal` is blank"),
        (json!({ "goal": "a\u{0}b" }), "`goal` contains a NUL character"),
        (json!({ "created_at": "yesterday" }), "`created_at` is no time"),
        (json!({ "created_at": -1 }), "`created_at` is no time"),
        (json!({ "created_at": 1.5 }), "`created_at` is no time"),
        (json!({ "created_at": null }), "`created_at` is missing"),
        (json!({ "created_at": NOW * 2 }), "`created_at` lies in the future"),
        (json!({ "revision": "many" }), "`revision` is no whole number"),
        (json!({ "state_json": "{" }), "`state_json` is no JSON"),
        (json!({ "state_json": deep }), "`state_json` is no JSON"),
        (json!({ "state_json": "\"\\u0000\"" }), "`state_json` contains a NUL character"),
        (json!({ "wait_json": large }), "`wait_json` is larger than 262144 bytes"),
        (json!({ "outputs_json": "[1]" }), "`outputs_json` is no JSON object"),
        (json!({ "requester_origin_json": "nowhere" }), "`requester_origin_json` is no JSON"),
        (
            json!({ "controller_id": "clawflow/engine" }),
            "clawflow/engine drives flows of workflow files only",
        ),
        (
            json!({ "status": "blocked", "ended_at": NOW }),
            "it is managed and has ended as blocked, which is no end here",
        ),
    ];
    for (more, reason) in flows {
        let left = openclaw::flow(Columns(&flow_row(more.clone())), NOW).unwrap_err();
        assert_eq!((left.outcome, &*left.reason), (ImportOutcome::LeftOut, *reason), "{more}");
    }
    let tasks: &[(Value, &str)] = &[
        (json!({ "runtime": "magic" }), "`runtime` is unknown: magic"),
        (json!({ "runtime": "external" }), "`runtime` is unknown: external"),
        (json!({ "task": "  " }), "`task` is blank"),
        (json!({ "owner_key": null }), "`owner_key` is blank"),
        (json!({ "ended_at": [] }), "`ended_at` is no time"),
        (json!({ "terminal_outcome": "so so" }), "`terminal_outcome` is unknown: so so"),
    ];
    for (more, reason) in tasks {
        let left = openclaw::task(Columns(&task_row(more.clone())), NOW).unwrap_err();
        assert_eq!((left.outcome, &*left.reason), (ImportOutcome::LeftOut, *reason), "{more}");
    }
    let active = task_row(json!({ "status": "running", "ended_at": null }));
    let left = openclaw::task(Columns(&active), NOW).unwrap_err();
    assert_eq!(left.outcome, ImportOutcome::Active);
}

fn job(more: Value) -> Result<openclaw::Job, String> {
    let job = json!({
        "id": ID, "name": "brief", "enabled": true, "createdAtMs": NOW - 100,
        "schedule": { "kind": "cron", "expr": "0 7 * * *" },
        "payload": { "kind": "command", "argv": ["sh", "-lc", "date"], "timeoutSeconds": 2.5 },
    });
    let job = with(object(job), more);
    let row = object(json!({ "job_id": ID, "job_json": Value::Object(job).to_string() }));
    let place = JobPlace { cwd: "/work".into(), tz: "Europe/Berlin".into(), ..JobPlace::default() };
    openclaw::job(Columns(&row), &place, NOW).map_err(|left| left.reason)
}

#[test]
fn a_job_becomes_a_schedule_as_far_as_there_is_a_counterpart() {
    let made = job(json!({})).unwrap();
    assert!(!made.new.enabled, "both would fire");
    let cron = Spec::Cron { expr: "0 7 * * *".into(), tz: "Europe/Berlin".into() };
    assert_eq!((made.new.spec, made.new.policies.timeout_ms), (cron, Some(2500)));
    let Payload::Command(command) = &made.new.payload else { panic!("{:?}", made.new.payload) };
    assert_eq!((command.argv.len(), &*command.cwd), (3, "/work"));
    assert_eq!(made.new.owner_key, "agent:main:main");

    let at = json!({ "schedule": { "kind": "at", "at": "2026-11-01T10:00:00" } });
    assert_eq!(job(at).unwrap().new.spec, Spec::At { at: 1_793_527_200_000 });
    let every = json!({ "schedule": { "kind": "every", "everyMs": 60_000 } });
    let every = job(every).unwrap().new.spec;
    assert_eq!(every, Spec::Every { every_ms: 60_000, anchor: NOW - 100 });
    let event = json!({ "payload": { "kind": "systemEvent", "text": "hello" } });
    assert!(matches!(job(event).unwrap().new.payload, Payload::Message { .. }));
    let turn = json!({
        "agentId": "ops", "sessionKey": "agent:ops:inbox",
        "payload": { "kind": "agentTurn", "message": "look", "thinking": "high" },
    });
    let turn = job(turn).unwrap();
    let Payload::Agent(asked) = &turn.new.payload else { panic!("{:?}", turn.new.payload) };
    assert_eq!((&*asked.agent, &*asked.prompt), ("ops", "look"));
    assert_eq!(turn.notes, ["`thinking` is not taken over"]);
    assert_eq!(turn.new.owner_key, "agent:ops:inbox");

    for (more, reason) in [
        (
            json!({ "schedule": { "kind": "on-exit", "command": "x" } }),
            "nothing here starts as its schedule does: on-exit",
        ),
        (
            json!({ "payload": { "kind": "script", "script": "x" } }),
            "nothing here does what it does: script",
        ),
        (
            json!({ "trigger": { "script": "x" } }),
            "a script decides when it starts, which nothing does here",
        ),
        (json!({ "schedule": { "kind": "at", "at": "soon" } }), "`at` is no time: soon"),
        (json!({ "payload": { "kind": "command", "argv": [1] } }), "`argv` is no list of texts"),
        (json!({ "payload": 3 }), "the job has no `payload`"),
    ] {
        assert_eq!(job(more).unwrap_err(), reason);
    }
}

#[test]
fn a_job_that_only_ran_is_the_same_and_one_that_was_edited_is_not() {
    let was = job(json!({})).unwrap();
    let ran = job(json!({ "state": { "lastRunAtMs": 1 }, "updatedAtMs": NOW })).unwrap();
    assert_eq!((&was.schedule_id, &was.imported.digest), (&ran.schedule_id, &ran.imported.digest));
    let edited = job(json!({ "name": "other" })).unwrap();
    assert_ne!(was.imported.digest, edited.imported.digest);
    assert_eq!(judge_schedule(None, "x"), Verdict::Take);
    let old = job(json!({ "createdAtMs": null })).unwrap();
    assert_eq!(old.schedule_id, job(json!({ "createdAtMs": 0 })).unwrap().schedule_id);
}

#[test]
fn an_open_flow_follows_the_one_there_until_somebody_moves_or_ends_it_here() {
    let here = flow(json!({}));
    assert_eq!(judge_flow(None, &here), Verdict::Take);
    assert_eq!(judge_flow(Some(&here), &flow(json!({}))), Verdict::Present);
    let there = flow(json!({ "revision": 4, "status": "running" }));
    assert_eq!(judge_flow(Some(&here), &there), Verdict::Update);
    let unit = flow_unit(&there, Some(&here), Row { number: 2, at: NOW, actor: Some("me") });
    assert_eq!((unit.flows[0].expected, unit.flows[0].row.revision), (Some(3), 4));
    assert!(unit.deliveries.is_empty() && unit.events[0].kind == "flow.imported");
    // A revision that stood still there grows here all the same, and is what was imported.
    let slow = flow(json!({ "status": "running" }));
    let row = &flow_unit(&slow, Some(&here), Row { number: 2, at: NOW, actor: None }).flows[0].row;
    assert_eq!((row.revision, row.imported.as_ref().unwrap().revision), (4, 4));

    let moved = Flow { revision: 9, ..here.clone() };
    assert!(matches!(judge_flow(Some(&moved), &there), Verdict::Keep(_)));
    let ended = flow(json!({ "status": "failed", "ended_at": NOW }));
    assert!(matches!(judge_flow(Some(&ended), &there), Verdict::Keep(_)), "no end is undone");
    let other = flow(json!({ "owner_key": "agent:other:main" }));
    assert!(matches!(judge_flow(Some(&here), &other), Verdict::Keep(_)));
    let own = Flow { imported: None, ..here };
    assert!(matches!(judge_flow(Some(&own), &there), Verdict::Keep(_)));
}

#[test]
fn a_lost_task_takes_its_true_outcome_and_no_other_end_changes() {
    let lost = task(json!({ "status": "lost" }));
    let found = task(json!({}));
    assert_eq!(judge_task(Some(&lost.task), &found.task), Verdict::Update);
    let row = Row { number: 2, at: NOW, actor: None };
    let unit = task_unit(&found, Some(&lost.task), row);
    assert_eq!((unit.tasks[0].expected, unit.tasks[0].row.version), (Some(0), 1));
    assert_eq!(unit.events[0].kind, "task.corrected");
    assert!(matches!(judge_task(Some(&found.task), &lost.task), Verdict::Keep(_)));
    let failed = task(json!({ "status": "failed" }));
    assert!(matches!(judge_task(Some(&failed.task), &found.task), Verdict::Keep(_)));
    assert_eq!(judge_task(Some(&failed.task), &failed.task), Verdict::Present);
}

/// Anything that a column may hold.
fn cell() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        (0..NOW * 2).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "managed",
            "task_mirrored",
            "blocked",
            "succeeded",
            "lost",
            "running",
            "cli",
            "{}",
            "null",
            "single_task",
            "system",
        ])
        .prop_map(Value::from),
    ]
}

fn row(names: &'static [&'static str], base: fn(Value) -> Object) -> impl Strategy<Value = Object> {
    let some = prop::collection::btree_map(prop::sample::select(names), cell(), 0..8);
    some.prop_map(move |more| {
        let more = more.into_iter().map(|(name, value)| (name.to_owned(), value));
        with(base(json!({})), Value::Object(more.collect()))
    })
}

proptest! {
    #[test]
    fn whatever_a_flow_row_holds_a_store_takes_what_is_made_of_it(
        row in row(FLOW_COLUMNS, flow_row)
    ) {
        let Ok(flow) = openclaw::flow(Columns(&row), NOW) else { return Ok(()) };
        let ends = flow.status.is_terminal() || flow.sync_mode == SyncMode::TaskMirrored;
        prop_assert_eq!(ends, flow.ended_at.is_some());
        prop_assert!(flow.updated_at >= flow.created_at && !flow.goal.is_empty());
        prop_assert!(flow.ended_at.is_none_or(|ended| ended <= flow.updated_at));
        prop_assert_eq!(flow.sync_mode == SyncMode::Managed, flow.controller_id.is_some());
        let again = openclaw::flow(Columns(&row), NOW + 1).unwrap();
        prop_assert_eq!(judge_flow(Some(&flow), &again), Verdict::Present);
    }

    #[test]
    fn whatever_a_task_row_holds_what_is_made_of_it_has_ended_in_order(
        row in row(TASK_COLUMNS, task_row)
    ) {
        let Ok(read) = openclaw::task(Columns(&row), NOW) else { return Ok(()) };
        let task = &read.task;
        prop_assert!(task.status.is_terminal() && task.reported && !task.owner_key.is_empty());
        let began = task.started_at.unwrap_or(task.created_at);
        prop_assert!(task.created_at <= began && Some(began) <= task.ended_at);
        prop_assert!(Some(task.last_event_at) >= task.ended_at);
        let again = openclaw::task(Columns(&row), NOW + 1).unwrap();
        prop_assert_eq!(judge_task(Some(task), &again.task), Verdict::Present);
    }
}
