//! Looking after the ledger: what is wrong is first shown, then mended, and nothing else is touched.

use crate::audit::{Orphan, put, running, still};
use crate::world::{World, scenario};
use clawflow_core::audit::AuditCode;
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_core::unit::Unit;
use clawflow_core::wait::{Wait, WaitKind};
use clawflow_engine::api::{
    Api, AuditRequest, AuditRun, Call, Caller, MaintenanceRequest, MaintenanceResponse,
    MaintenanceSweep, StoreCheck, TaskRef, TaskWait, TaskWaitRequest, TaskWhy,
};
use clawflow_engine::retention::Retention;
use clawflow_engine::supervise::Supervisor;
use clawflow_engine::{Scope, clock};
use clawflow_store::conformance::fixtures as make;
use clawflow_store::{MemoryStore, SqliteStore, Store};
use std::sync::Arc;

async fn sweep(api: &Api, apply: bool) -> MaintenanceResponse {
    let request = MaintenanceRequest { apply, ..MaintenanceRequest::default() };
    MaintenanceSweep::run(api, request).await.unwrap()
}

fn kinds(done: &MaintenanceResponse) -> Vec<(&str, &str, bool)> {
    done.actions.iter().map(|one| (one.kind.as_str(), one.id.as_str(), one.done)).collect()
}

async fn all_is_mended(store: Arc<dyn Store>, scope: Scope) {
    let home = tempfile::tempdir().unwrap();
    let boot = Supervisor::boot_id().unwrap();
    let (stuck, live) = (make::flow_id(1), make::flow_id(2));
    let rows = vec![
        Flow { cancel_requested_at: Some(9), ..make::flow(1) },
        Flow { cancel_requested_at: Some(9), ..make::flow(2) },
    ];
    put(&*store, make::flows(rows.into_iter().map(make::new).collect())).await;
    let lost = Task {
        task_id: clawflow_core::ids::TaskId::new(&mut clock::Ids),
        ..running(3, "another-boot")
    };
    let over = Task {
        status: TaskStatus::Succeeded,
        ended_at: Some(clock::now() - 600_000),
        task_id: clawflow_core::ids::TaskId::new(&mut clock::Ids),
        ..make::task(4, None)
    };
    let reported = Task { reported: true, executor: None, ..running(6, &boot) };
    let held = Task { reported: true, ..make::task(5, Some(2)) };
    put(&*store, make::tasks(vec![lost.clone(), over.clone(), reported, held])).await;
    let mut orphan = Orphan::of(&over);
    let api = still(store.clone(), &home, scope);

    let shown = sweep(&api, false).await;
    let wanted = |done| {
        vec![
            ("reconcile", lost.task_id.as_str(), done),
            ("finalise_cancel", stuck.as_str(), done),
            ("end_orphans", over.task_id.as_str(), done),
        ]
    };
    assert_eq!(kinds(&shown), wanted(false), "{shown:?}");
    assert!(orphan.0.try_wait().unwrap().is_none(), "it was only looked at");
    assert_eq!(store.task(&lost.task_id).unwrap().unwrap().status, TaskStatus::Running);

    let done = sweep(&api, true).await;
    assert_eq!(kinds(&done), wanted(true), "{done:?}");
    assert!(orphan.0.try_wait().unwrap().is_some(), "it was killed");
    let task = store.task(&lost.task_id).unwrap().unwrap();
    assert_eq!(task.status, TaskStatus::Lost);
    assert!(task.error.as_deref().unwrap().contains("the machine was restarted"), "{task:?}");
    let status = |id| store.load(id).unwrap().unwrap().flow.status;
    assert_eq!((status(&stuck), status(&live)), (FlowStatus::Cancelled, FlowStatus::Running));
    assert_eq!(sweep(&api, true).await.actions, [], "nothing is left to do");
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_mends_what_it_finds() {
    all_is_mended(Arc::new(MemoryStore::new()), Scope::All).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_command_does_the_same() {
    let dir = tempfile::tempdir().unwrap();
    all_is_mended(Arc::new(SqliteStore::open(dir.path()).unwrap()), Scope::Nothing).await;
}

scenario!(what_no_line_knows_is_started_and_what_a_pause_holds_is_not, 2);
async fn what_no_line_knows_is_started_and_what_a_pause_holds_is_not(world: World) {
    let model = world.run_task("echo ran >> marks").await;
    let wait = |task: &Task| TaskWaitRequest { task: task.task_id.0.clone(), timeout_ms: 30_000 };
    world.call::<TaskWait>(wait(&model)).await.unwrap();
    let forgotten = |task: Task| Task {
        task_id: clawflow_core::ids::TaskId::new(&mut clock::Ids),
        command: model.command.clone(),
        ..task
    };
    let paused = Flow { paused_at: Some(9), ..make::flow(1) };
    put(&*world.store, make::flows(vec![make::new(paused)])).await;
    let (lost, held) = (forgotten(make::task(2, None)), forgotten(make::task(3, Some(1))));
    let fresh = Task { last_event_at: clock::now(), ..forgotten(make::task(4, None)) };
    let rows = vec![lost.clone(), held.clone(), fresh.clone()];
    put(&*world.store, make::tasks(rows)).await;
    let of = |done| vec![("back_in_line", lost.task_id.as_str(), done)];
    let shown = sweep(&world.api, false).await;
    assert_eq!(kinds(&shown), of(false), "{shown:?}");
    assert_eq!(world.task(&lost).await.status, TaskStatus::Queued, "it was only looked at");
    let done = sweep(&world.api, true).await;
    assert_eq!(kinds(&done), of(true), "{done:?}");
    let ended = world.call::<TaskWait>(wait(&lost)).await.unwrap();
    assert_eq!(ended.status, TaskStatus::Succeeded, "{ended:?}");
    assert_eq!(world.lines("marks"), ["ran", "ran"]);
    assert_eq!(sweep(&world.api, true).await.actions, [], "nothing is left to do");
    for still in [held, fresh] {
        assert_eq!(world.task(&still).await.status, TaskStatus::Queued);
    }
    world.at_rest().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_nobody_drives_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    put(&*store, make::tasks(vec![make::task(1, None)])).await;
    let api = still(store, &home, Scope::Nothing);
    assert_eq!(sweep(&api, true).await.actions, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn turns_do_not_overlap_and_a_check_says_what_it_saw() {
    let dir = tempfile::tempdir().unwrap();
    let home = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(dir.path()).unwrap());
    put(&*store, make::flows((1..=9).map(|n| make::new(make::flow(n))).collect())).await;
    let api = still(store, &home, Scope::All);
    let asked = |check, vacuum| {
        let request =
            MaintenanceRequest { apply: true, check, vacuum, ..MaintenanceRequest::default() };
        MaintenanceSweep::run(&api, request)
    };
    let (quick, full, bare) = tokio::join!(
        asked(Some(StoreCheck::Quick), false),
        asked(Some(StoreCheck::Full), true),
        asked(None, false)
    );
    assert_eq!(quick.unwrap().problems, Some(Vec::new()));
    let full = full.unwrap();
    assert_eq!((full.problems, full.store.free_bytes), (Some(Vec::new()), 0));
    assert_eq!(bare.unwrap().problems, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_says_what_it_waits_for() {
    let home = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let paused = Flow { paused_at: Some(9), ..make::flow(1) };
    put(&*store, make::flows(vec![make::new(paused)])).await;
    let lost = Task { status: TaskStatus::Lost, ended_at: Some(9), ..make::task(4, None) };
    let told = Task { reported: true, executor: None, ..running(3, "boot") };
    let rows = vec![make::task(1, Some(1)), running(2, "boot"), told, lost];
    put(&*store, make::tasks(rows)).await;
    let api = still(store, &home, Scope::Nothing);
    let why = async |n: u64| {
        let why = TaskWhy::run(&api, TaskRef { task: make::task_id(n).0 }).await.unwrap();
        let kinds: Vec<String> = why.reasons.iter().map(|reason| reason.kind.clone()).collect();
        (kinds.join(" "), why.commands)
    };
    let (kinds, commands) = why(1).await;
    assert_eq!(kinds, "slot driver paused");
    assert!(commands.iter().any(|one| one.starts_with("clawflow flows unpause ")), "{commands:?}");
    let (kinds, commands) = why(2).await;
    assert_eq!(kinds, "task driver");
    assert!(commands.contains(&"clawflow gateway run".to_owned()), "{commands:?}");
    let (kinds, commands) = why(3).await;
    assert_eq!((kinds.as_str(), commands.len()), ("caller", 2));
    assert_eq!(why(4).await.0, "ended");
    let none = TaskWhy::run(&api, TaskRef { task: "none".to_owned() }).await.unwrap_err();
    assert_eq!(none.code, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_request_does_not_say_is_as_the_home_is_configured() {
    let home = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let ago = |minutes: i64| Some(clock::now() - minutes * 60_000);
    let ended = |n, status, minutes| Task { status, ended_at: ago(minutes), ..make::task(n, None) };
    let rows = vec![
        ended(1, TaskStatus::Succeeded, 60),
        ended(2, TaskStatus::Succeeded, 5),
        ended(3, TaskStatus::Failed, 60),
    ];
    put(&*store, make::tasks(rows)).await;
    let api = still(store.clone(), &home, Scope::All);
    let swept = async |retention, apply| {
        let request = MaintenanceRequest { apply, retention, ..MaintenanceRequest::default() };
        MaintenanceSweep::run(&api, request).await.unwrap().pruned.tasks
    };
    assert_eq!(swept(None, true).await, 0, "a week is what holds where nothing is said");
    let short = Retention { succeeded_ms: 30 * 60_000, ..Retention::default() };
    api.keep_for(short.clone());
    assert_eq!(swept(None, false).await, 1);
    assert_eq!(swept(Some(Retention::default()), true).await, 0, "the request says longer");
    assert_eq!(swept(None, true).await, 1);
    assert_eq!(swept(Some(Retention { succeeded_ms: 60_000, ..short }), false).await, 1);
    let left = |n| store.task(&make::task_id(n)).unwrap().is_some();
    assert_eq!([1, 2, 3].map(left), [false, true, true]);
    // Who sees an owner's records only does not decide how long those of all are kept.
    let caller = Caller { owner: Some("agent:main:main".to_owned()), ..Caller::default() };
    let bound = api.as_caller(caller);
    let refused = MaintenanceSweep::run(&bound, MaintenanceRequest::default()).await.unwrap_err();
    assert_eq!(refused.code, "forbidden");
}

/// More of each than any page has.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_looked_at() {
    const MANY: u64 = 1_203;
    let home = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let stuck = |n| make::new(Flow { cancel_requested_at: Some(9), ..make::flow(n) });
    put(&*store, make::flows((1..=MANY).map(stuck).collect())).await;
    let lost = (1..=MANY).map(|n| running(10_000 + n, "another-boot"));
    put(&*store, make::tasks(lost.collect())).await;
    let api = still(store.clone(), &home, Scope::All);
    let one = AuditRequest { limit: Some(1), ..AuditRequest::default() };
    let of = async |code| {
        let request = AuditRequest { code: vec![code], ..one.clone() };
        AuditRun::run(&api, request).await.unwrap().matching.total
    };
    assert_eq!((of(AuditCode::CancelStuck).await, of(AuditCode::StaleRunning).await), (MANY, MANY));
    let shown = sweep(&api, false).await;
    assert_eq!((shown.actions_total, shown.actions.len()), (2 * MANY, 1000));
    assert_eq!(sweep(&api, true).await.actions_total, 2 * MANY);
    assert_eq!(sweep(&api, true).await.actions_total, 0, "all is mended");
    let task = store.task(&make::task_id(10_000 + MANY)).unwrap().unwrap();
    let flow = store.load(&make::flow_id(MANY)).unwrap().unwrap().flow;
    assert_eq!((task.status, flow.status), (TaskStatus::Lost, FlowStatus::Cancelled));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_a_budget_holds_says_so_and_is_no_finding() {
    let home = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let fresh = |n| Flow { updated_at: clock::now(), ..make::flow(n) };
    let rows = [Flow { held_at: Some(9), ..fresh(1) }, fresh(2)];
    put(&*store, make::flows(rows.into_iter().map(make::new).collect())).await;
    let asks = Wait { kind: WaitKind::Budget, ..make::wait(1, 1) };
    put(&*store, Unit { waits: vec![make::new(Arc::new(asks))], ..Unit::default() }).await;
    put(&*store, make::tasks(vec![make::task(1, Some(1)), make::task(2, Some(2))])).await;
    let api = still(store, &home, Scope::All);
    let audit = AuditRun::run(&api, AuditRequest::default()).await.unwrap();
    let stale = audit.findings.iter().filter(|found| found.code == AuditCode::StaleQueued);
    let stale: Vec<_> = stale.filter_map(|found| found.id.as_deref()).collect();
    assert_eq!(stale, [make::task_id(2).0], "{:?}", audit.findings);
    let why = async |n| TaskWhy::run(&api, TaskRef { task: make::task_id(n).0 }).await.unwrap();
    let held = why(1).await;
    let budget = held.reasons.iter().find(|reason| reason.kind == "budget").unwrap();
    assert_eq!(budget.flow_id, Some(make::flow_id(1)));
    let raise = |one: &String| one.starts_with("clawflow flows budget ");
    assert!(held.commands.iter().any(raise), "{:?}", held.commands);
    let free = why(2).await;
    assert!(free.reasons.iter().all(|reason| reason.kind != "budget"), "{:?}", free.reasons);
}
