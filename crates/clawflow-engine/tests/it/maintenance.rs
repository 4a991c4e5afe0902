//! Looking after the ledger: what is wrong is first shown, then mended, and nothing else is touched.

use crate::audit::{Orphan, put, running, still};
use crate::world::{World, scenario};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_engine::api::{
    Api, Call, MaintenanceRequest, MaintenanceResponse, MaintenanceSweep, StoreCheck, TaskRef,
    TaskWait, TaskWaitRequest, TaskWhy,
};
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
