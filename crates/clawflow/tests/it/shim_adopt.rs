//! The gateway dies; the attempt does not.

use clawflow_engine::shim::procfs::{self, ProcId};
use clawflow_engine::supervise::{Evidence, RunEvent, RunSpec};

use crate::shim_support::{
    Home, emptied, exit, kill_9, next, shim_of, soon, started, text, until, until_gone,
};

#[tokio::test]
async fn a_run_is_adopted_after_its_gateway_died() {
    let home = Home::new();
    let script = "echo ::progress:: one; while [ ! -e go ]; do sleep 0.01; done; echo done";
    let mut run = home.start(&home.sh(script)).await;
    let child = started(&mut run).await;
    next(&mut run).await;
    drop(run);

    let Evidence::Alive(mut run) = home.examine().await else { panic!("it lives") };
    assert_eq!(started(&mut run).await, child);
    assert_eq!(next(&mut run).await, RunEvent::Progress("one".to_owned()));
    std::fs::write(home.path().join("go"), "").unwrap();
    let record = exit(&mut run).await;
    assert_eq!((record.code, text(&record).as_str()), (Some(0), "::progress:: one\ndone\n"));
    emptied(&mut run).await;
}

#[tokio::test]
async fn a_run_is_adopted_by_the_socket_that_its_loneliness_makes() {
    // Often enough to come upon each moment of the shim's beginning.
    for _ in 0..20 {
        let home = Home::new();
        let mut run = home.start(&home.sh("exec sleep 60")).await;
        let child = started(&mut run).await;
        drop(run);
        let Evidence::Alive(mut run) = home.examine().await else { panic!("it lives") };
        assert_eq!(started(&mut run).await, child);
        assert!(home.dir().join("ctl.sock").exists());
        run.handle().stop(5_000, None).await.unwrap();
        assert!(exit(&mut run).await.stop_requested);
    }
}

#[tokio::test]
async fn a_shim_that_nobody_ever_spoke_to_is_adopted() {
    let home = Home::new();
    // The gateway that was to watch it was killed before the shim could greet.
    let run = home.start(&home.sh("exec sleep 60")).await;
    drop(run);
    shim_of(&home).await;
    let Evidence::Alive(mut run) = home.examine().await else { panic!("it lives") };
    started(&mut run).await;
    run.handle().stop(5_000, None).await.unwrap();
    assert_eq!(exit(&mut run).await.signal, Some(15));
}

#[tokio::test]
async fn somebody_else_stops_a_run_that_has_just_begun() {
    let home = Home::new();
    let mut first = home.start(&home.sh("exec sleep 60")).await;
    started(&mut first).await;
    let other = home.another_supervisor();
    // The first is connected, so that there is no socket before the attempt is older.
    let evidence = soon(other.examine(&home.boot, &home.task, 1)).await.unwrap();
    let Evidence::Alive(mut second) = evidence else { panic!("it lives: {evidence:?}") };
    second.handle().stop(5_000, Some("other".to_owned())).await.unwrap();
    for run in [&mut first, &mut second] {
        assert_eq!(exit(run).await.stop_reason.as_deref(), Some("other"));
    }
}

#[tokio::test]
async fn two_gateways_may_watch_one_run() {
    let home = Home::new();
    let mut first = home.start(&home.sh("exec sleep 60")).await;
    started(&mut first).await;
    let Evidence::Alive(mut second) = home.examine().await else { panic!("it lives") };
    started(&mut second).await;
    second.handle().stop(1_000, None).await.unwrap();
    assert_eq!(exit(&mut first).await, exit(&mut second).await);
}

#[tokio::test]
async fn an_exit_that_nobody_watched_is_found() {
    let home = Home::new();
    let mut run = home.start(&home.sh("while [ ! -e go ]; do sleep 0.01; done; exit 5")).await;
    started(&mut run).await;
    let shim = shim_of(&home).await;
    drop(run);
    std::fs::write(home.path().join("go"), "").unwrap();
    until_gone(shim).await;
    let Evidence::Exited(record) = home.examine().await else { panic!("it ended") };
    assert_eq!(record.code, Some(5));
}

#[tokio::test]
async fn a_run_in_its_last_grace_still_tells_its_exit() {
    let home = Home::new();
    let script = "setsid sh -c 'trap \"\" TERM; echo $$ > pid; sleep 60' & \
                  while [ ! -s pid ]; do sleep 0.01; done; exit 4";
    let mut run = home.start(&home.sh(script)).await;
    exit(&mut run).await;
    drop(run);
    let Evidence::Alive(mut run) = home.examine().await else { panic!("the shim lives") };
    started(&mut run).await;
    assert_eq!(exit(&mut run).await.code, Some(4));
    // A stop only shortens the grace now: the exit is on record.
    run.handle().stop(0, None).await.unwrap();
    assert_eq!(emptied(&mut run).await.len(), 2);
}

#[tokio::test]
async fn a_shim_does_not_stay_as_a_zombie_of_its_gateway() {
    let home = Home::new();
    let mut run = home.start(&home.sh("true")).await;
    let shim = shim_of(&home).await;
    exit(&mut run).await;
    run.handle().collected().await.unwrap();
    until("the shim to be reaped", || procfs::stat(shim.pid).is_none().then_some(())).await;
}

#[tokio::test]
async fn another_boot_proves_nothing_but_a_whole_record() {
    let home = Home::new();
    home.run(&home.sh("exit 3")).await;
    let other = "00000000-0000-0000-0000-000000000000";
    let elsewhere = home.supervisor.dir(other, &home.task, 1);
    std::fs::create_dir_all(&elsewhere).unwrap();
    let examine = || home.supervisor.examine(other, &home.task, 1);
    assert!(matches!(examine().await.unwrap(), Evidence::OtherBoot { exit: None }));
    std::fs::copy(home.record_path(), elsewhere.join("attempt.jsonl")).unwrap();
    let Evidence::OtherBoot { exit: Some(record) } = examine().await.unwrap() else {
        panic!("the record is whole")
    };
    assert_eq!(record.code, Some(3));
}

/// The fork server that a shim came from.
fn server_of(shim: ProcId) -> ProcId {
    let parent = procfs::stat(shim.pid).unwrap().ppid;
    procfs::stat(parent).unwrap().id
}

#[tokio::test]
async fn shims_outlive_the_server_that_forked_them() {
    let home = Home::new();
    let mut run = home.start(&home.sh("while [ ! -e go ]; do sleep 0.01; done; exit 6")).await;
    started(&mut run).await;
    let server = server_of(shim_of(&home).await);
    kill_9(server);
    until_gone(server).await;
    let other = RunSpec { fence: 2, ..home.sh("exit 7") };
    assert_eq!(home.run(&other).await.code, Some(7));
    std::fs::write(home.path().join("go"), "").unwrap();
    assert_eq!(exit(&mut run).await.code, Some(6));
}

#[tokio::test]
async fn the_server_ends_with_its_gateway_and_another_gateway_adopts() {
    let mut home = Home::new();
    let mut run = home.start(&home.sh("exec sleep 60")).await;
    started(&mut run).await;
    let server = server_of(shim_of(&home).await);
    drop(run);
    home.supervisor = home.another_supervisor();
    until_gone(server).await;
    let Evidence::Alive(mut run) = home.examine().await else { panic!("it lives") };
    started(&mut run).await;
    run.handle().stop(5_000, None).await.unwrap();
    assert_eq!(exit(&mut run).await.signal, Some(15));
}
