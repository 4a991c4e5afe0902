//! The shim itself is killed, or its record is broken: nothing is guessed.

use clawflow_engine::shim::procfs;
use clawflow_engine::supervise::{Emptiness, Evidence, RunEvent};

use crate::shim_support::{
    Home, exit, kill_9, next, shim_of, spawn_shim, started, until, until_gone,
};

fn proved(emptiness: &Emptiness) -> Vec<u32> {
    let Emptiness::Proved { killed } = emptiness else { panic!("not proved: {emptiness:?}") };
    killed.iter().map(|id| id.pid).collect()
}

#[tokio::test]
async fn a_killed_shim_takes_its_child_along_and_leaves_doubt() {
    let home = Home::new();
    let mut run = home.start(&home.sh("setsid sleep 60 & echo $! > pid; wait")).await;
    let child = started(&mut run).await;
    let grandchild = home.pid_in("pid").await;
    until("setsid", || {
        let stat = procfs::stat(grandchild.pid)?;
        (stat.session == grandchild.pid).then_some(())
    })
    .await;
    kill_9(shim_of(&home).await);
    assert_eq!(next(&mut run).await, RunEvent::ShimGone);
    assert!(matches!(home.examine().await, Evidence::InDoubt { .. }));
    until_gone(child).await;
    // It left the group and the session: only its environment tells whose it is.
    assert!(procfs::is_alive(grandchild));
    assert!(proved(&home.prove_empty().await).contains(&grandchild.pid));
    assert!(!procfs::is_alive(grandchild));
    assert!(proved(&home.prove_empty().await).is_empty());
    assert!(matches!(home.examine().await, Evidence::InDoubt { .. }));
}

#[tokio::test]
async fn shim_and_child_killed_together_leave_a_group_to_kill() {
    let home = Home::new();
    // Without its environment only the group and session lead to the grandchild.
    let script = "env -i /bin/sleep 60 & echo $! > pid; wait";
    let mut run = home.start(&home.sh(script)).await;
    let child = started(&mut run).await;
    let grandchild = home.pid_in("pid").await;
    kill_9(shim_of(&home).await);
    let _ = procfs::signal(child, rustix::process::Signal::KILL);
    assert_eq!(next(&mut run).await, RunEvent::ShimGone);
    assert!(proved(&home.prove_empty().await).contains(&grandchild.pid));
    assert!(!procfs::is_alive(grandchild));
}

#[tokio::test]
async fn a_living_shim_is_not_swept() {
    let home = Home::new();
    let mut run = home.start(&home.sh("exec sleep 60")).await;
    let child = started(&mut run).await;
    assert!(matches!(home.prove_empty().await, Emptiness::NotProved { .. }));
    assert!(procfs::is_alive(child));
    run.handle().stop(0, None).await.unwrap();
    exit(&mut run).await;
}

#[tokio::test]
async fn a_record_that_is_cut_or_altered_is_in_doubt() {
    let home = Home::new();
    let mut run = home.start(&home.sh("exit 3")).await;
    let shim = shim_of(&home).await;
    exit(&mut run).await;
    drop(run);
    until_gone(shim).await;
    let path = home.dir().join("exit.json");
    let whole = std::fs::read(&path).unwrap();
    assert!(matches!(home.examine().await, Evidence::Exited(_)));
    let altered = String::from_utf8(whole.clone()).unwrap().replace("\"code\":3", "\"code\":0");
    for broken in [&whole[..whole.len() / 2], b"", altered.as_bytes()] {
        std::fs::write(&path, broken).unwrap();
        assert!(matches!(home.examine().await, Evidence::InDoubt { .. }));
    }
}

#[tokio::test]
async fn a_broken_spec_executes_nothing_and_says_why() {
    let home = Home::new();
    std::fs::create_dir_all(home.dir()).unwrap();
    std::fs::write(home.dir().join("spec.json"), "{").unwrap();
    assert!(!spawn_shim(&home.dir()).wait().unwrap().success());
    assert!(matches!(home.examine().await, Evidence::NeverExecuted));
    let reason = std::fs::read_to_string(home.dir().join("shim.err")).unwrap();
    assert!(reason.starts_with("failed to parse spec.json"), "{reason}");
}
