//! Stops reach everything that an attempt started.

use clawflow_engine::shim::procfs;
use clawflow_engine::supervise::RunEvent;

use crate::shim_support::{Home, emptied, exit, next, shim_of, started, until_gone};

#[tokio::test]
async fn a_stop_that_is_obeyed_lets_the_program_clean_up() {
    let home = Home::new();
    let script =
        "trap 'echo cleaned; exit 9' TERM; echo ::progress:: up; while :; do sleep 0.01; done";
    let mut run = home.start(&home.sh(script)).await;
    started(&mut run).await;
    next(&mut run).await;
    run.handle().stop(10_000, Some("enough".to_owned())).await.unwrap();
    let record = exit(&mut run).await;
    assert!(record.stop_requested && record.empty);
    assert_eq!((record.code, record.stop_reason.as_deref()), (Some(9), Some("enough")));
    assert!(record.survived_term.is_empty());
    let output = record.stdout.unwrap().to_vec().unwrap();
    assert!(output.ends_with(b"cleaned\n"));
}

#[tokio::test]
async fn a_program_that_ignores_term_is_killed_after_the_grace() {
    let home = Home::new();
    let script = "trap '' TERM; echo ::progress:: up; while :; do sleep 60; done";
    let mut run = home.start(&home.sh(script)).await;
    let child = started(&mut run).await;
    next(&mut run).await;
    run.handle().stop(200, None).await.unwrap();
    let record = exit(&mut run).await;
    assert!(record.stop_requested && record.empty);
    assert_eq!(record.signal, Some(9));
    assert!(record.signalled.contains(&child.pid) && record.survived_term.contains(&child.pid));
    assert!(!procfs::is_alive(child));
}

#[tokio::test]
async fn a_stop_reaches_a_grandchild_in_a_session_of_its_own() {
    let home = Home::new();
    let mut run = home.start(&home.sh("setsid sleep 60 & echo $! > pid; wait")).await;
    let grandchild = home.pid_in("pid").await;
    run.handle().stop(5_000, None).await.unwrap();
    let record = exit(&mut run).await;
    assert!(record.empty && record.signalled.contains(&grandchild.pid));
    assert!(!procfs::is_alive(grandchild));
}

#[tokio::test]
async fn a_stop_reaches_a_daemon_that_forked_twice_and_ignores_term() {
    let home = Home::new();
    let script = "(setsid sh -c 'trap \"\" TERM; echo $$ > pid; sleep 60' &) ; sleep 60";
    let mut run = home.start(&home.sh(script)).await;
    let daemon = home.pid_in("pid").await;
    run.handle().stop(200, None).await.unwrap();
    let record = exit(&mut run).await;
    assert!(record.empty && record.survived_term.contains(&daemon.pid));
    assert!(!procfs::is_alive(daemon));
}

#[tokio::test]
async fn what_is_left_in_the_background_is_ended_after_the_exit_is_told() {
    let home = Home::new();
    let script = "setsid sh -c 'trap \"\" TERM; echo $$ > pid; sleep 60' & \
                  while [ ! -s pid ]; do sleep 0.01; done; echo result";
    let mut spec = home.sh(script);
    spec.grace_ms = 300;
    let mut run = home.start(&spec).await;
    let record = exit(&mut run).await;
    let left = home.pid_in("pid").await;
    assert_eq!((record.code, record.empty, record.stop_requested), (Some(0), false, false));
    assert!(!home.dir().join("empty").exists());
    let killed = emptied(&mut run).await;
    assert!(killed.contains(&left.pid));
    until_gone(left).await;
    assert!(home.dir().join("empty").exists());
}

#[tokio::test]
async fn term_to_the_shim_is_a_stop_and_hup_and_int_are_nothing() {
    use rustix::process::Signal;
    let home = Home::new();
    let mut run = home.start(&home.sh("exec sleep 60")).await;
    started(&mut run).await;
    let shim = shim_of(&home).await;
    for signal in [Signal::HUP, Signal::INT, Signal::TERM] {
        procfs::signal(shim, signal).unwrap();
    }
    let record = exit(&mut run).await;
    assert!(record.stop_requested && record.empty);
    assert_eq!(record.signal, Some(15));
}

#[tokio::test]
async fn a_second_stop_shortens_the_grace() {
    let home = Home::new();
    let script = "trap '' TERM; echo ::progress:: up; while :; do sleep 60; done";
    let mut run = home.start(&home.sh(script)).await;
    started(&mut run).await;
    assert!(matches!(next(&mut run).await, RunEvent::Progress(_)));
    run.handle().stop(3_600_000, None).await.unwrap();
    run.handle().stop(0, None).await.unwrap();
    assert_eq!(exit(&mut run).await.signal, Some(9));
}

#[tokio::test]
async fn a_shim_whose_directory_is_gone_still_ends() {
    let home = Home::new();
    let mut run = home.start(&home.sh("exec sleep 60")).await;
    started(&mut run).await;
    let shim = shim_of(&home).await;
    std::fs::remove_dir_all(home.dir()).unwrap();
    run.handle().stop(5_000, None).await.unwrap();
    assert!(exit(&mut run).await.empty);
    drop(run);
    until_gone(shim).await;
}
