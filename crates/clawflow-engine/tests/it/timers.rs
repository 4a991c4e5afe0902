//! Timers.

use crate::world::{Kind, World, scenario, until};
use clawflow_engine::Scope;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const NAP: &str = "steps:
  - { id: nap, sleep: 40ms }
  - { id: mark, run: 'echo woke >> marks' }
";

scenario!(timers_fire_once_each, 8);
async fn timers_fire_once_each(world: World) {
    let mut flows = Vec::new();
    for _ in 0..40 {
        flows.push(world.run(NAP).await);
    }
    for flow in &flows {
        world.succeeded(flow).await;
    }
    assert_eq!(world.lines("marks").len(), 40);
    world.at_rest().await;
}

scenario!(late_timers_fire_at_once_after_a_restart, 8);
async fn late_timers_fire_at_once_after_a_restart(mut world: World) {
    let flow =
        world.run("steps:\n  - { id: nap, sleep: 300ms }\n  - { id: b, run: 'echo b' }\n").await;
    world.engine.stop();
    tokio::time::sleep(Duration::from_millis(350)).await;
    assert!(!world.view(&flow).await.flow.is_terminal());
    let began = Instant::now();
    world.restart(Scope::All);
    world.succeeded(&flow).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    world.at_rest().await;
}

/// More due items than one round takes, and none can be decided: that is no tight loop.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_makes_no_tight_loop_of_due_timers() {
    let world = World::new(Kind::Memory, 8);
    let mut flows = Vec::new();
    for _ in 0..300 {
        flows.push(world.run("steps:\n  - { id: nap, sleep: 500ms }\n").await);
    }
    world.store.fail(usize::MAX);
    until("the timers are tried", || world.store.left() < usize::MAX - 300).await;
    let (tried, looks) = (&world.store.submits, &world.store.looks);
    let before = (tried.load(Ordering::SeqCst), looks.load(Ordering::SeqCst));
    tokio::time::sleep(Duration::from_millis(1000)).await;
    let submits = tried.load(Ordering::SeqCst) - before.0;
    assert!(submits <= 4 * 300, "{submits} submits in a second");
    let looks = looks.load(Ordering::SeqCst) - before.1;
    assert!(looks <= 1000, "{looks} looks in a second");
    world.store.fail(0);
    for flow in &flows {
        world.succeeded(flow).await;
    }
    world.at_rest().await;
}
