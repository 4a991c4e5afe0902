//! The shim itself is killed, or its record is broken: nothing is guessed.

use clawflow_engine::shim::procfs;
use clawflow_engine::supervise::{Emptiness, Evidence, RunEvent, TombstoneOutcome};

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
    assert!(matches!(home.examine().await, Evidence::Exited(_)));
    let [spec, run, whole] = &home.record()[..] else { panic!("three lines") };
    let altered = whole.replace("\"code\":3", "\"code\":0");
    let twice = format!("{whole}{whole}");
    for broken in [&whole[..1], &whole[..whole.len() / 2], "", &altered, &twice] {
        std::fs::write(home.record_path(), format!("{spec}{run}{broken}")).unwrap();
        assert!(matches!(home.examine().await, Evidence::InDoubt { .. }), "{broken}");
    }
}

#[tokio::test]
async fn a_part_of_a_run_record_is_in_doubt() {
    let home = Home::new();
    let mut running = home.start(&home.sh("exit 3")).await;
    let shim = shim_of(&home).await;
    exit(&mut running).await;
    drop(running);
    until_gone(shim).await;
    let [spec, run, _] = &home.record()[..] else { panic!("three lines") };
    for part in [&run[..1], &run[..run.len() / 2], &run[..run.len() - 1], run] {
        std::fs::write(home.record_path(), format!("{spec}{part}")).unwrap();
        assert!(matches!(home.examine().await, Evidence::InDoubt { .. }), "{part}");
        let outcome = home.supervisor.tombstone(&home.task, 1).await.unwrap();
        assert_eq!(outcome, TombstoneOutcome::Executed);
        assert!(proved(&home.prove_empty().await).is_empty());
        assert!(spawn_shim(&home.dir()).wait().unwrap().success());
        assert!(matches!(home.examine().await, Evidence::InDoubt { .. }), "{part}");
    }
    for part in [spec, &spec[..spec.len() / 2], ""] {
        std::fs::write(home.record_path(), part).unwrap();
        assert!(matches!(home.examine().await, Evidence::NeverExecuted), "{part}");
    }
}

#[tokio::test]
async fn a_broken_spec_executes_nothing_and_says_why() {
    let home = Home::new();
    std::fs::create_dir_all(home.dir()).unwrap();
    for (spec, why) in [("{\n", "failed to parse attempt.jsonl"), ("{", "failed to read")] {
        std::fs::write(home.record_path(), spec).unwrap();
        assert!(!spawn_shim(&home.dir()).wait().unwrap().success());
        assert!(matches!(home.examine().await, Evidence::NeverExecuted));
        let reason = std::fs::read_to_string(home.dir().join("shim.err")).unwrap();
        assert!(reason.starts_with(why), "{reason}");
    }
}
