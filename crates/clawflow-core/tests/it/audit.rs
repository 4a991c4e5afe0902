//! Judgements about facts: at their bounds, and what they are taken together to.

use clawflow_core::Millis;
use clawflow_core::audit::limits::{
    CANCEL_MS, DISK_LOW, DISK_NONE, GRACE_MS, LOG_LARGE, SILENT_MS, SKIPPED_MAX, TRIES_MIN,
};
use clawflow_core::audit::{
    self, Audit, AuditCode as C, Clock, Finding, HomeFacts, Life, LiveFlow, Severity, Stray,
    Target, TaskFacts,
};
use clawflow_core::delivery::Delivery;
use clawflow_core::flow::Flow;
use clawflow_core::schedule::{DisabledReason, Schedule, ScheduleRun};
use clawflow_core::task::Task;
use clawflow_core::wait::Wait;
use serde_json::{Value, json};

const NOW: Millis = 1_800_000_000_000;

fn make<T: serde::de::DeserializeOwned>(mut row: Value, more: Value) -> T {
    let (Value::Object(all), Value::Object(more)) = (&mut row, more) else { unreachable!() };
    all.extend(more);
    serde_json::from_value(row).unwrap()
}

fn flow(more: Value) -> Flow {
    let row = json!({
        "flowId": "flow_1", "syncMode": "managed", "ownerKey": "o", "revision": 1,
        "controllerId": "clawflow/engine", "status": "running", "notifyPolicy": "done_only",
        "goal": "g", "createdAt": 5, "updatedAt": NOW - GRACE_MS - 1,
    });
    make(row, more)
}

fn task(more: Value) -> Task {
    let row = json!({
        "taskId": "task_1", "version": 1, "runtime": "cli", "ownerKey": "o", "scopeKind": "session",
        "attempt": 1, "fence": 1, "task": "true", "status": "running",
        "deliveryStatus": "not_applicable", "notifyPolicy": "silent", "createdAt": 5,
        "startedAt": NOW - GRACE_MS - 1, "lastEventAt": NOW - GRACE_MS - 1,
    });
    make(row, more)
}

fn facts(task: &Task, life: Life) -> TaskFacts<'_> {
    TaskFacts { task, driven: true, held: false, in_line: false, life, old_shim: false }
}

fn codes(found: impl IntoIterator<Item = Finding>) -> Vec<C> {
    found.into_iter().map(|finding| finding.code).collect()
}

fn of_flow(more: Value, held: bool) -> Vec<C> {
    codes(audit::flow(&LiveFlow { flow: flow(more), held }, true, true, NOW))
}

#[test]
fn a_flow_is_stale_when_nothing_holds_it() {
    assert_eq!(of_flow(json!({}), false), [C::StaleRunning]);
    assert_eq!(of_flow(json!({}), true), []);
    assert_eq!(of_flow(json!({ "updatedAt": NOW - GRACE_MS }), false), [], "it may be at it");
    assert_eq!(of_flow(json!({ "pausedAt": 7 }), false), []);
    assert_eq!(of_flow(json!({ "inLineSince": 7 }), false), []);
    assert_eq!(of_flow(json!({ "cancelRequestedAt": 7 }), false), [C::CancelStuck]);
    assert_eq!(of_flow(json!({ "cancelRequestedAt": 7 }), true), []);
    let late = json!({ "cancelRequestedAt": NOW - GRACE_MS });
    assert_eq!(of_flow(late, false), [], "it was requested just now");
    assert_eq!(of_flow(json!({ "syncMode": "group_mirrored" }), false), [], "others move it");
    assert_eq!(of_flow(json!({ "updatedAt": 4 }), true), [C::InconsistentTimestamps]);
}

#[test]
fn a_flow_of_code_is_forgotten_only_after_a_day() {
    let of = |more: Value| {
        let mut all = json!({ "controllerId": "c", "updatedAt": NOW - SILENT_MS - 1 });
        let (Value::Object(to), Value::Object(more)) = (&mut all, more) else { unreachable!() };
        to.extend(more);
        of_flow(all, false)
    };
    assert_eq!(of(json!({})), [C::MissingLinkedTasks]);
    assert_eq!(of(json!({ "waitJson": null })), [C::MissingLinkedTasks]);
    assert_eq!(of(json!({ "waitJson": { "for": "mail" } })), [], "its controller says why");
    assert_eq!(of(json!({ "blockedSummary": "no key" })), []);
    assert_eq!(of(json!({ "updatedAt": NOW - SILENT_MS })), []);
    let live = LiveFlow { flow: flow(json!({ "blockedTaskId": "task_9" })), held: true };
    let found = audit::flow(&live, true, false, NOW);
    assert_eq!(found[0].code, C::BlockedTaskMissing);
    assert!(found[0].detail.contains("task_9") && found[0].hint.ends_with("resume flow_1"));
    assert_eq!(audit::flow(&live, true, true, NOW), []);
}

#[test]
fn a_task_runs_as_long_as_its_process_lives() {
    let old = task(json!({ "startedAt": 6, "lastEventAt": 6 }));
    let of = |life| codes(audit::task(&facts(&old, life), NOW));
    assert_eq!(of(Life::Alive), [], "however old it is");
    assert_eq!(of(Life::Unknown), []);
    assert_eq!(of(Life::Gone), [C::StaleRunning]);
    assert_eq!(of(Life::OtherBoot), [C::StaleRunning]);
    assert_eq!(of(Life::Unstarted), [C::StaleRunning]);
    assert_eq!(of(Life::Ended(NOW - GRACE_MS - 1)), [C::StaleRunning]);
    assert_eq!(of(Life::Ended(NOW - GRACE_MS)), [], "its end is taken in now");
    let new = task(json!({ "startedAt": NOW - 5 }));
    assert_eq!(codes(audit::task(&facts(&new, Life::Unstarted), NOW)), []);
    let old_shim = TaskFacts { old_shim: true, ..facts(&new, Life::Alive) };
    assert_eq!(codes(audit::task(&old_shim, NOW)), [C::OldShim]);
    let stopped = task(json!({ "cancelRequestedAt": NOW - CANCEL_MS - 1 }));
    assert_eq!(codes(audit::task(&facts(&stopped, Life::Alive), NOW)), [C::CancelStuck]);
    let before = task(json!({ "startedAt": 4 }));
    let found = codes(audit::task(&facts(&before, Life::Alive), NOW));
    assert_eq!(found, [C::InconsistentTimestamps]);
}

#[test]
fn a_queued_task_is_stale_when_it_stands_nowhere() {
    let row = task(json!({ "status": "queued", "startedAt": null }));
    let of = |facts: TaskFacts<'_>| codes(audit::task(&facts, NOW));
    let alone = facts(&row, Life::Unknown);
    assert_eq!(of(alone), [C::StaleQueued]);
    assert_eq!(of(TaskFacts { in_line: true, ..alone }), []);
    assert_eq!(of(TaskFacts { held: true, ..alone }), []);
}

#[test]
fn a_reporter_is_asked_by_its_process_else_by_its_silence() {
    let of = |more: Value, life| {
        let mut all = json!({ "reported": true });
        let (Value::Object(to), Value::Object(more)) = (&mut all, more) else { unreachable!() };
        to.extend(more);
        let row = task(all);
        codes(audit::task(&facts(&row, life), NOW))
    };
    let silent = json!({ "lastEventAt": NOW - SILENT_MS - 1, "startedAt": 6 });
    assert_eq!(of(silent.clone(), Life::Unknown), [C::SilentRunning]);
    assert_eq!(of(silent.clone(), Life::Alive), []);
    assert_eq!(of(silent, Life::Gone), [C::StaleRunning]);
    assert_eq!(of(json!({}), Life::Unknown), []);
}

#[test]
fn what_is_lost_is_told_where_nothing_followed_from_it() {
    let lost = |more: Value| {
        let mut all = json!({ "status": "lost", "endedAt": NOW - 5 });
        let (Value::Object(to), Value::Object(more)) = (&mut all, more) else { unreachable!() };
        to.extend(more);
        let row = task(all);
        audit::task(&facts(&row, Life::Unknown), NOW)
    };
    assert_eq!(codes(lost(json!({}))), [C::Lost]);
    assert_eq!(codes(lost(json!({ "parentFlowId": "flow_1" }))), [], "its step decides");
    let command = json!({ "command": { "argv": ["true"], "cwd": "/", "env": {} } });
    assert!(lost(command)[0].hint.ends_with("tasks rerun task_1"));
    let flow = flow(json!({ "status": "lost", "endedAt": NOW - 5, "error": "why" }));
    assert_eq!(audit::flow_lost(&flow, NOW).unwrap().detail, "why");
}

#[test]
fn waits_are_late_by_their_targets() {
    let wait = |kind: &str| -> Wait {
        let row = json!({
            "waitId": "wait_1", "flowId": "flow_1", "version": 1, "kind": kind, "target": "x",
            "state": "open", "createdAt": NOW - GRACE_MS - 1, "stepId": "s",
        });
        serde_json::from_value(row).unwrap()
    };
    let of = |kind: &str, target| {
        let found = audit::wait(&wait(kind), "o", target, true, NOW);
        found.map(|finding| finding.code)
    };
    assert_eq!(of("in_doubt", Target::Open), Some(C::InDoubt));
    assert_eq!(of("approval", Target::Open), None, "people take their time");
    for kind in ["task", "flow"] {
        assert_eq!(of(kind, Target::Open), None);
        assert_eq!(of(kind, Target::Missing), Some(C::StaleWaiting));
        assert_eq!(of(kind, Target::Ended(5)), Some(C::StaleWaiting));
        assert_eq!(of(kind, Target::Ended(NOW - GRACE_MS)), None, "it is told of its end now");
    }
}

#[test]
fn messages_may_fail_a_few_times() {
    let of = |more: Value, sends| {
        let row = json!({
            "deliveryId": "dlv_1", "version": 1, "ownerKey": "o", "kind": "flow.ended",
            "idempotencyKey": "k", "content": "c", "route": "webhook", "routeName": "hook",
            "state": "pending", "attempts": 0, "dueAt": NOW, "createdAt": 5,
        });
        let mut audit = Audit::default();
        audit.add(audit::delivery(&make::<Delivery>(row, more), sends, NOW));
        codes(audit.finish(NOW).1)
    };
    assert_eq!(of(json!({ "attempts": TRIES_MIN - 1 }), true), []);
    assert_eq!(of(json!({ "attempts": TRIES_MIN }), true), [C::Undelivered]);
    assert_eq!(of(json!({ "dueAt": NOW - GRACE_MS - 1 }), true), [C::Undelivered]);
    assert_eq!(of(json!({ "dueAt": NOW - GRACE_MS - 1 }), false), [C::NotDriven]);
    let failed = json!({ "state": "failed", "dueAt": null, "closedAt": 9, "error": "410" });
    assert_eq!(of(failed, true), [C::DeliveryFailed]);
    for quiet in ["session_queued", "acknowledged", "dismissed", "delivered"] {
        assert_eq!(of(json!({ "state": quiet, "attempts": 99 }), true), [], "{quiet}");
    }
}

fn schedule(more: Value) -> Schedule {
    let row = json!({
        "scheduleId": "sched_1", "version": 1, "ownerKey": "o", "name": "nightly",
        "spec": { "kind": "every", "everyMs": 1000, "anchor": 0 },
        "payload": { "kind": "command", "argv": ["true"], "cwd": "/", "env": {} },
        "policies": {}, "enabled": true, "nextSlot": NOW, "nextAt": NOW, "consecutiveErrors": 0,
        "createdAt": 5, "updatedAt": 5,
    });
    make(row, more)
}

fn run(more: Value) -> ScheduleRun {
    let row = json!({
        "runId": "run_1", "version": 1, "scheduleId": "sched_1", "ownerKey": "o",
        "trigger": "slot", "slots": 1, "status": "running", "attempt": 1, "taskId": "task_1",
        "createdAt": 5,
    });
    make(row, more)
}

#[test]
fn schedules_are_late_by_their_slots() {
    let of = |schedule: &Schedule, skipped: Option<&ScheduleRun>| {
        let facts = audit::ScheduleFacts { schedule, skipped, driven: true };
        audit::schedule(&facts, NOW).map(|finding| finding.code)
    };
    assert_eq!(of(&schedule(json!({})), None), None);
    let late = schedule(json!({ "nextAt": NOW - GRACE_MS - 1 }));
    assert_eq!(of(&late, None), Some(C::ScheduleLate));
    let skips = |slots| run(json!({ "status": "skipped", "slots": slots, "reason": "overlap" }));
    let row = schedule(json!({}));
    assert_eq!(of(&row, Some(&skips(SKIPPED_MAX - 1))), None);
    assert_eq!(of(&row, Some(&skips(SKIPPED_MAX))), Some(C::ScheduleNeverRuns));
    for reason in DisabledReason::ALL.iter().copied() {
        let off = json!({ "enabled": false, "nextAt": null, "disabledReason": reason });
        let told = matches!(reason, DisabledReason::Errors | DisabledReason::Broken);
        assert_eq!(of(&schedule(off), None), told.then_some(C::ScheduleDisabled), "{reason}");
    }
}

#[test]
fn runs_end_with_their_work() {
    let of = |more: Value, work| {
        let run = run(more);
        audit::run(&audit::WorkFacts { run: &run, work, driven: true }, NOW).map(|f| f.code)
    };
    assert_eq!(of(json!({}), Some(Target::Open)), None);
    assert_eq!(of(json!({}), Some(Target::Ended(5))), Some(C::RunStuck));
    assert_eq!(of(json!({}), Some(Target::Ended(NOW - GRACE_MS))), None);
    assert_eq!(of(json!({}), Some(Target::Missing)), Some(C::RunStuck));
    let queued = json!({ "status": "queued", "taskId": null });
    assert_eq!(of(queued, None), None, "it waits for the run before it");
    let due = json!({ "status": "retrying", "dueAt": NOW - GRACE_MS - 1 });
    assert_eq!(of(due, Some(Target::Ended(5))), Some(C::RunStuck));
    let soon = json!({ "status": "retrying", "dueAt": NOW + 5 });
    assert_eq!(of(soon, Some(Target::Ended(5))), None);
}

#[test]
fn the_home_needs_room() {
    let of = |facts: HomeFacts| audit::home(&facts);
    assert_eq!(of(HomeFacts { free_bytes: Some(DISK_LOW), ..HomeFacts::default() }), []);
    let low = of(HomeFacts { free_bytes: Some(DISK_LOW - 1), ..HomeFacts::default() });
    assert_eq!((low[0].code, low[0].severity), (C::DiskLow, Severity::Warn));
    let none = of(HomeFacts { free_bytes: Some(DISK_NONE - 1), ..HomeFacts::default() });
    assert_eq!(none[0].severity, Severity::Error);
    let log = of(HomeFacts { log_bytes: LOG_LARGE + 1, ..HomeFacts::default() });
    assert_eq!(codes(log), [C::WalLarge]);
    assert_eq!(of(HomeFacts { log_bytes: LOG_LARGE, ..HomeFacts::default() }), []);
    let reports = Some((2, "a.torn".to_owned()));
    assert_eq!(codes(of(HomeFacts { reports, ..HomeFacts::default() })), [C::ReportsUnread]);
    let unknown_queues = vec![("gpu".to_owned(), 3)];
    let found = of(HomeFacts { unknown_queues, ..HomeFacts::default() });
    assert_eq!(codes(found), [C::QueueUnknown]);
}

#[test]
fn a_clock_that_was_set_is_told_of_once() {
    let of = |events: &[Millis], drift| {
        let clock = Clock { events: events.to_vec(), drift, started_at: NOW - 9 };
        audit::clock(&clock, NOW).map(|finding| finding.detail)
    };
    assert_eq!(of(&[], 0), None);
    assert_eq!(of(&[NOW - 9, NOW - 8, NOW - 4000, NOW], 59_000), None, "it was disciplined");
    let back = of(&[NOW - 1000, NOW - 3_601_000, NOW - 3_600_000], 0).unwrap();
    assert_eq!(back, "the clock was set back by about 3600 s");
    let old = NOW - 2 * SILENT_MS;
    assert_eq!(of(&[old, old - 3_600_000, NOW], 0), None, "that was long ago");
    assert_eq!(of(&[NOW + 7_200_000], 0).unwrap(), "the clock was set back by about 7200 s");
    assert_eq!(of(&[], 61_000).unwrap(), "the clock was set forward by about 61 s");
    assert_eq!(of(&[], -6000).unwrap(), "the clock was set back by about 6 s");
}

#[test]
fn strays_have_a_moment_to_go() {
    let stray = |ended_at| Stray {
        task_id: "task_1".to_owned(),
        fence: 1,
        owner_key: None,
        pids: vec![7, 8],
        ended_at,
    };
    assert!(audit::stray(&stray(Some(NOW - GRACE_MS)), NOW).is_none());
    let found = audit::stray(&stray(Some(NOW - GRACE_MS - 1)), NOW).unwrap();
    assert_eq!(found.detail, "its attempt has ended, and processes 7, 8 live");
    assert!(audit::stray(&stray(None), NOW).is_some(), "another attempt runs now");
}

#[test]
fn where_nobody_drives_one_finding_says_so() {
    let mut audit = Audit::default();
    let old = task(json!({ "status": "queued", "startedAt": null, "lastEventAt": 7 }));
    let idle = TaskFacts { driven: false, ..facts(&old, Life::Unknown) };
    audit.add(audit::task(&idle, NOW));
    audit.add(audit::task(&idle, NOW));
    let gone = task(json!({ "taskId": "task_2" }));
    audit.add(audit::task(&TaskFacts { driven: false, ..facts(&gone, Life::Gone) }, NOW));
    let (counts, found) = audit.finish(NOW);
    assert_eq!((counts.total, counts.errors, counts.warnings), (2, 2, 0));
    assert_eq!(codes(found.clone()), [C::NotDriven, C::StaleRunning], "the older one is first");
    assert!(found[0].detail.ends_with("2 things are late") && found[0].since == Some(7));
    let (counts, some) = Audit::matching(found, Some(Severity::Error), &[C::StaleRunning]);
    assert_eq!((counts.total, some[0].id.as_deref()), (1, Some("task_2")));
    let mut theirs = Audit::new(Some("another".to_owned()));
    theirs.add(audit::task(&facts(&gone, Life::Gone), NOW));
    assert_eq!(theirs.finish(NOW).1, [], "it is not theirs");
}
