//! The audit of a home in which each thing is wrong once, and nothing else is.

use crate::world::settings;
use clawflow_core::Millis;
use clawflow_core::audit::{AuditCode as C, Finding};
use clawflow_core::delivery::{Delivery, DeliveryState};
use clawflow_core::flow::{ENGINE_CONTROLLER, Flow, FlowStatus};
use clawflow_core::schedule::{DisabledReason, RunStatus, Schedule, ScheduleRun, SkipReason};
use clawflow_core::step::{Step, StepStatus};
use clawflow_core::task::{Executor, Task, TaskStatus};
use clawflow_core::unit::Unit;
use clawflow_core::wait::{Wait, WaitKind};
use clawflow_engine::api::{Api, AuditRequest, AuditRun, Call, Caller};
use clawflow_engine::supervise::Supervisor;
use clawflow_engine::{Engine, Scope, clock};
use clawflow_store::conformance::fixtures as make;
use clawflow_store::{MemoryStore, SqliteStore, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

/// An engine whose loops do not run, so that what is wrong stays so.
pub(crate) fn still(store: Arc<dyn Store>, home: &TempDir, scope: Scope) -> Api {
    Api::new(Engine::new(store, settings(home.path(), 4, &BTreeMap::new()), scope).unwrap())
}

pub(crate) async fn put(store: &dyn Store, unit: Unit) {
    store.submit(unit).await.unwrap().unwrap();
}

async fn found(api: &Api) -> Vec<Finding> {
    AuditRun::run(api, AuditRequest::default()).await.unwrap().findings
}

fn told(found: &[Finding]) -> BTreeSet<(C, String)> {
    found.iter().map(|f| (f.code, f.id.clone().unwrap_or_default())).collect()
}

/// A flow from a file that was changed just now.
fn fresh(n: u64) -> Flow {
    let controller_id = Some(ENGINE_CONTROLLER.to_owned());
    Flow { controller_id, updated_at: clock::now(), ..make::flow(n) }
}

async fn break_flows(store: &dyn Store, all: &mut BTreeSet<(C, String)>) {
    let id = |n| make::flow_id(n).0;
    let rows = vec![
        Flow { updated_at: 9, ..fresh(1) },
        Flow { cancel_requested_at: Some(9), updated_at: 9, ..fresh(2) },
        Flow { updated_at: 9, controller_id: Some("code".to_owned()), ..make::flow(3) },
        Flow { blocked_task_id: Some(make::task_id(99)), ..fresh(4) },
        Flow { updated_at: 1, ..fresh(5) },
        Flow { status: FlowStatus::Blocked, ..fresh(6) },
        Flow { status: FlowStatus::Waiting, ..fresh(7) },
        Flow { status: FlowStatus::Waiting, ..fresh(8) },
        fresh(9),
        // Nothing is wrong with these.
        fresh(20),
        Flow { paused_at: Some(9), updated_at: 21, ..fresh(21) },
    ];
    put(store, make::flows(rows.into_iter().map(make::new).collect())).await;
    let lost = Flow { status: FlowStatus::Lost, ended_at: Some(99), ..make::changed(&fresh(10)) };
    put(store, make::flows(vec![make::new(make::flow(10))])).await;
    let lost = Flow { created_at: 10, controller_id: make::flow(10).controller_id, ..lost };
    put(store, make::flows(vec![make::next(lost)])).await;
    let wait = |n, flow, kind| Wait { kind, step_id: Some("s".to_owned()), ..make::wait(n, flow) };
    let waits = [
        Wait { target: Some("task".to_owned()), ..wait(1, 5, WaitKind::Approval) },
        wait(2, 6, WaitKind::InDoubt),
        Wait { target: Some(id(98)), ..wait(3, 7, WaitKind::Flow) },
        Wait { due_at: Some(9), ..wait(4, 8, WaitKind::Timer) },
        Wait { due_at: Some(clock::now()), ..wait(5, 20, WaitKind::Timer) },
    ];
    let waits = waits.into_iter().map(|row| make::new(Arc::new(row))).collect();
    let again = Step { status: StepStatus::Retrying, due_at: Some(9), ..make::step(9, "s", 0) };
    let steps = vec![make::new(Arc::new(again))];
    put(store, Unit { waits, steps, ..Unit::default() }).await;
    all.extend([
        (C::StaleRunning, id(1)),
        (C::CancelStuck, id(2)),
        (C::MissingLinkedTasks, id(3)),
        (C::BlockedTaskMissing, id(4)),
        (C::InconsistentTimestamps, id(5)),
        (C::InDoubt, id(6)),
        (C::StaleWaiting, id(7)),
        (C::StaleWaiting, id(8)),
        (C::StaleRetry, id(9)),
        (C::Lost, id(10)),
    ]);
}

pub(crate) fn running(n: u64, boot_id: &str) -> Task {
    let executor = Executor { boot_id: boot_id.to_owned(), ..Executor::default() };
    let (status, started_at) = (TaskStatus::Running, Some(n.cast_signed()));
    Task { status, started_at, executor: Some(executor), ..make::task(n, None) }
}

/// A process that carries the marks of an attempt and outlives it.
pub(crate) struct Orphan(pub(crate) Child);

impl Orphan {
    pub(crate) fn of(task: &Task) -> Self {
        let mut command = Command::new("sleep");
        command.arg("600").stdin(Stdio::null());
        command.env("CLAWFLOW_TASK_ID", task.task_id.as_str());
        command.env("CLAWFLOW_FENCE", task.fence.to_string());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Orphan {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn break_tasks(store: &dyn Store, all: &mut BTreeSet<(C, String)>) -> Orphan {
    let id = |n| make::task_id(n).0;
    let boot = Supervisor::boot_id().unwrap();
    let over = Task {
        status: TaskStatus::Succeeded,
        ended_at: Some(9),
        // No other test of this machine has a task of this name.
        task_id: clawflow_core::ids::TaskId::new(&mut clock::Ids),
        ..make::task(8, None)
    };
    let rows = vec![
        make::task(1, None),
        running(2, &boot),
        running(3, "another-boot"),
        Task { reported: true, executor: None, ..running(4, &boot) },
        Task { status: TaskStatus::Lost, ended_at: Some(9), ..make::task(5, None) },
        Task {
            reported: true,
            cancel_requested_at: Some(9),
            last_event_at: clock::now(),
            executor: None,
            ..running(6, &boot)
        },
        Task { queue: Some("gpu".to_owned()), last_event_at: clock::now(), ..make::task(7, None) },
        over.clone(),
        // Nothing is wrong with these.
        Task { last_event_at: clock::now(), ..make::task(20, None) },
        Task { status: TaskStatus::Failed, ended_at: Some(99), ..make::task(21, None) },
    ];
    put(store, make::tasks(rows)).await;
    all.extend([
        (C::StaleQueued, id(1)),
        (C::StaleRunning, id(2)),
        (C::StaleRunning, id(3)),
        (C::SilentRunning, id(4)),
        (C::Lost, id(5)),
        (C::CancelStuck, id(6)),
        (C::QueueUnknown, String::new()),
        (C::OrphanProcess, over.task_id.0.clone()),
    ]);
    Orphan::of(&over)
}

async fn break_the_rest(store: &dyn Store, all: &mut BTreeSet<(C, String)>) {
    let soon = clock::now() + 600_000;
    let owed = |n, attempts, due: Millis| Delivery {
        attempts,
        due_at: Some(due),
        ..make::delivery(n, None)
    };
    let failed = make::in_state(&make::delivery(3, None), DeliveryState::Failed);
    let rows = [owed(1, 0, 9), owed(2, 3, soon), failed, owed(4, 2, soon)];
    put(store, make::deliveries(rows.into_iter().map(make::new).collect())).await;
    let ready = |n| Schedule { next_at: Some(soon), next_slot: Some(soon), ..make::schedule(n) };
    let off = |n, reason| Schedule {
        enabled: false,
        next_at: None,
        next_slot: None,
        disabled_reason: Some(reason),
        ..make::schedule(n)
    };
    let skips = Schedule { skipping: Some(make::run_id(1)), ..ready(3) };
    let (errors, asked) = (off(2, DisabledReason::Errors), off(4, DisabledReason::Asked));
    let schedules = vec![make::schedule(1), errors, skips, asked, ready(5)];
    let skipped = ScheduleRun {
        status: RunStatus::Skipped,
        reason: Some(SkipReason::Overlap),
        slots: 12,
        ended_at: Some(9),
        ..make::run(1, 3)
    };
    let stuck = ScheduleRun { task_id: Some(make::task_id(97)), ..make::run(2, 5) };
    let goes_on = ScheduleRun { task_id: Some(make::task_id(20)), ..make::run(3, 5) };
    let runs = vec![skipped, stuck, goes_on];
    let unit = Unit {
        schedules: schedules.into_iter().map(make::new).collect(),
        runs: runs.into_iter().map(make::new).collect(),
        ..Unit::default()
    };
    put(store, unit).await;
    let event = |number, at| clawflow_core::event::Event { at, ..make::event("x", number) };
    let events = vec![event(1, clock::now()), event(2, clock::now() - 3_600_000)];
    put(store, Unit { events, ..Unit::default() }).await;
    all.extend([
        (C::Undelivered, make::delivery_id(1).0),
        (C::Undelivered, make::delivery_id(2).0),
        (C::DeliveryFailed, make::delivery_id(3).0),
        (C::ScheduleLate, make::schedule_id(1).0),
        (C::ScheduleDisabled, make::schedule_id(2).0),
        (C::ScheduleNeverRuns, make::schedule_id(3).0),
        (C::RunStuck, make::run_id(2).0),
        (C::ClockJump, String::new()),
    ]);
}

/// Breaks everything, and says what should be found.
async fn break_all(store: &dyn Store, home: &TempDir) -> (BTreeSet<(C, String)>, Orphan) {
    let mut all = BTreeSet::new();
    break_flows(store, &mut all).await;
    let orphan = break_tasks(store, &mut all).await;
    break_the_rest(store, &mut all).await;
    std::fs::create_dir_all(home.path().join("spool")).unwrap();
    std::fs::write(home.path().join("spool/task_1.end.json.torn"), "{").unwrap();
    all.insert((C::ReportsUnread, String::new()));
    (all, orphan)
}

async fn each_is_found(store: Arc<dyn Store>) {
    let home = tempfile::tempdir().unwrap();
    let (wanted, orphan) = break_all(&*store, &home).await;
    let api = still(store, &home, Scope::All);
    let findings = found(&api).await;
    // A machine with a full disk is another finding, and a true one.
    let mut got = told(&findings);
    got.remove(&(C::DiskLow, String::new()));
    assert_eq!(got, wanted);
    assert_eq!(findings.len(), findings.iter().filter(|f| f.hint.starts_with("clawflow ")).count());
    let ages: Vec<_> = findings.iter().map(|f| (f.severity, f.age_ms)).collect();
    assert!(ages.is_sorted_by(|a, b| a >= b), "{ages:?}");
    let pid = orphan.0.id().to_string();
    let of = |code| findings.iter().find(|f| f.code == code).unwrap();
    assert!(of(C::OrphanProcess).detail.contains(&pid));
    assert!(of(C::InDoubt).hint.starts_with("clawflow flows settle flow_"));

    let one = AuditRequest { code: vec![C::Lost], limit: Some(1), ..AuditRequest::default() };
    let lost = AuditRun::run(&api, one).await.unwrap();
    assert_eq!((lost.matching.total, lost.findings.len()), (2, 1));
    assert_eq!(lost.counts.total, lost.counts.errors + lost.counts.warnings);
    let caller = Caller { owner: Some("agent:other:main".to_owned()), ..Caller::default() };
    assert_eq!(found(&api.as_caller(caller)).await, [], "nothing here is theirs");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_is_found_in_memory() {
    each_is_found(Arc::new(MemoryStore::new())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_is_found_in_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    each_is_found(Arc::new(SqliteStore::open(dir.path()).unwrap())).await;
}

/// Without a gateway what is only late is one finding; what is wrong anyway is told as before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_drives_the_cause_is_told_and_not_what_follows() {
    let home = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let (_, _orphan) = break_all(&*store, &home).await;
    let codes: BTreeSet<C> =
        found(&still(store, &home, Scope::Nothing)).await.iter().map(|f| f.code).collect();
    assert!(codes.contains(&C::NotDriven) && codes.contains(&C::InDoubt), "{codes:?}");
    for follows in [C::StaleQueued, C::StaleRetry, C::ScheduleLate, C::RunStuck] {
        assert!(!codes.contains(&follows), "{follows}");
    }
}
