//! An attempt executes at most once, and never after its tombstone.

use clawflow_engine::supervise::{Evidence, StartError, TombstoneOutcome};

use crate::shim_support::{Home, exit, shim_of, soon, spawn_shim, started, until_gone};

/// Leaves a line per execution.
const COUNT: &str = "echo ran >> count; exec sleep 60";

fn executions(home: &Home) -> usize {
    std::fs::read_to_string(home.path().join("count")).unwrap_or_default().lines().count()
}

/// A directory as `start` leaves it when the gateway dies before the shim.
fn half_started(home: &Home) {
    std::fs::create_dir_all(home.dir()).unwrap();
    let spec = serde_json::to_string(&home.sh("echo ran >> count")).unwrap();
    std::fs::write(home.record_path(), spec + "\n").unwrap();
}

#[tokio::test]
async fn a_second_start_is_told_that_there_was_a_first() {
    let home = Home::new();
    let spec = home.sh("true");
    home.run(&spec).await;
    let error = home.supervisor.start(&spec, None).await.unwrap_err();
    assert!(matches!(error, StartError::AlreadyThere(_)), "{error}");
}

#[tokio::test]
async fn a_start_that_cannot_find_its_shim_can_be_repeated() {
    let home = Home::new();
    let runs = home.path().join("runs");
    let broken =
        clawflow_engine::supervise::Supervisor::new(runs, "/no/such/clawflow", home.boot.clone());
    let error = broken.start(&home.sh("true"), None).await.unwrap_err();
    assert!(matches!(error, StartError::Io(_)), "{error}");
    assert!(matches!(home.examine().await, Evidence::NeverExecuted));
    assert_eq!(home.run(&home.sh("true")).await.code, Some(0));
}

#[tokio::test]
async fn a_second_shim_on_a_directory_leaves_quietly() {
    let home = Home::new();
    let mut run = home.start(&home.sh(COUNT)).await;
    started(&mut run).await;
    assert!(spawn_shim(&home.dir()).wait().unwrap().success());
    run.handle().stop(1_000, None).await.unwrap();
    exit(&mut run).await;
    assert_eq!(executions(&home), 1);
}

#[tokio::test]
async fn of_two_shims_at_once_one_executes() {
    let home = Home::new();
    half_started(&home);
    let mut shims = [spawn_shim(&home.dir()), spawn_shim(&home.dir())];
    for shim in &mut shims {
        assert!(shim.wait().unwrap().success());
    }
    assert_eq!(executions(&home), 1);
    assert!(matches!(home.examine().await, Evidence::Exited(_)));
}

#[tokio::test]
async fn a_shim_after_the_end_does_not_execute_again() {
    let home = Home::new();
    half_started(&home);
    for _ in 0..2 {
        assert!(spawn_shim(&home.dir()).wait().unwrap().success());
    }
    assert_eq!(executions(&home), 1);
}

#[tokio::test]
async fn a_shim_leaves_alone_what_is_not_just_a_spec() {
    for beyond in ["{\"version\":", "\n", "{}\n{}\n"] {
        let home = Home::new();
        half_started(&home);
        let spec = home.record().concat();
        std::fs::write(home.record_path(), spec + beyond).unwrap();
        assert!(spawn_shim(&home.dir()).wait().unwrap().success());
        assert_eq!(executions(&home), 0, "{beyond:?}");
    }
    let home = Home::new();
    half_started(&home);
    // Of somebody who wanted no more than the lock.
    std::fs::write(home.record_path(), "").unwrap();
    assert!(spawn_shim(&home.dir()).wait().unwrap().success());
    assert!(matches!(home.examine().await, Evidence::NeverExecuted));
}

#[tokio::test]
async fn a_tombstone_keeps_a_late_shim_from_executing() {
    let home = Home::new();
    half_started(&home);
    assert!(matches!(home.examine().await, Evidence::NeverExecuted));
    let outcome = home.supervisor.tombstone(&home.task, 1).await.unwrap();
    assert_eq!(outcome, TombstoneOutcome::Buried);
    assert!(spawn_shim(&home.dir()).wait().unwrap().success());
    assert_eq!(executions(&home), 0);
    assert!(matches!(home.examine().await, Evidence::NeverExecuted));
}

#[tokio::test]
async fn a_tombstone_before_the_directory_takes_the_token() {
    let home = Home::new();
    let outcome = home.supervisor.tombstone(&home.task, 1).await.unwrap();
    assert_eq!(outcome, TombstoneOutcome::Buried);
    let error = home.supervisor.start(&home.sh("true"), None).await.unwrap_err();
    assert!(matches!(error, StartError::AlreadyThere(_)), "{error}");
    home.supervisor.remove(&home.boot, &home.task, 1).await.unwrap();
    assert_eq!(home.run(&home.sh("true")).await.code, Some(0));
}

#[tokio::test]
async fn a_tombstone_comes_too_late_for_a_run() {
    let home = Home::new();
    let mut run = home.start(&home.sh(COUNT)).await;
    started(&mut run).await;
    let tombstone = || home.supervisor.tombstone(&home.task, 1);
    assert_eq!(tombstone().await.unwrap(), TombstoneOutcome::Running);
    let shim = shim_of(&home).await;
    run.handle().stop(1_000, None).await.unwrap();
    exit(&mut run).await;
    drop(run);
    until_gone(shim).await;
    assert_eq!(soon(tombstone()).await.unwrap(), TombstoneOutcome::Executed);
}
