//! A store that fails for a while.

use crate::world::{World, scenario, until};
use clawflow_core::flow::FlowStatus;
use clawflow_core::task::TaskStatus;
use clawflow_engine::Scope;
use clawflow_engine::api::FlowRun;

const HELD: &str = "steps:
  - { id: a, run: 'until [ -e go ]; do sleep 0.01; done; echo done' }
  - { id: b, run: 'cat', stdin: $a.stdout }
";

scenario!(a_result_outlasts_a_full_disk, 2);
async fn a_result_outlasts_a_full_disk(world: World) {
    let flow = world.run(HELD).await;
    let task = world.run_task("until [ -e go ]; do sleep 0.01; done; exit 7").await;
    until("both run", || world.engine.running() == 2).await;
    world.store.fail(6);
    world.touch("go");
    let view = world.succeeded(&flow).await;
    assert_eq!(view.steps[1].result.as_ref().unwrap().stdout.as_deref(), Some("done\n"));
    until("the store works again", || world.store.left() == 0).await;
    world.at_rest().await;
    let task = world.task(&task).await;
    assert_eq!((task.status, task.error.as_deref()), (TaskStatus::Failed, Some("exit code 7")));
}

scenario!(queued_tasks_keep_their_turn_while_the_disk_is_full, 1);
async fn queued_tasks_keep_their_turn_while_the_disk_is_full(world: World) {
    let first = world.run(HELD).await;
    let mut flows = Vec::new();
    for number in 0..4 {
        let yaml = format!("steps:\n  - {{ id: a, run: 'echo {number} >> marks' }}\n");
        flows.push(world.run(&yaml).await);
    }
    let task = world.run_task("echo task >> marks").await;
    until("it runs", || world.engine.running() == 1).await;
    world.store.fail(8);
    world.store.fail_reads();
    world.touch("go");
    until("the store works again", || world.store.left() == 0).await;
    world.succeeded(&first).await;
    for flow in &flows {
        world.succeeded(flow).await;
    }
    world.at_rest().await;
    assert_eq!(world.task(&task).await.status, TaskStatus::Succeeded);
    assert_eq!(world.lines("marks"), ["0", "1", "2", "3", "task"]);
}

scenario!(a_flow_that_could_not_be_made_leaves_nothing, 2);
async fn a_flow_that_could_not_be_made_leaves_nothing(world: World) {
    world.store.fail(3);
    for _ in 0..3 {
        let error = world.call::<FlowRun>(world.request(HELD)).await.unwrap_err();
        assert_eq!(error.code, "store_full");
    }
    world.at_rest().await;
}

// The engine stops while the disk is full: the shim must keep the result for the next one.
scenario!(a_result_outlasts_an_engine_that_could_not_record_it, 2);
async fn a_result_outlasts_an_engine_that_could_not_record_it(mut world: World) {
    let flow = world.run(HELD).await;
    let task = world.run_task("until [ -e go ]; do sleep 0.01; done; exit 7").await;
    until("both run", || world.engine.running() == 2).await;
    world.store.fail(usize::MAX);
    world.touch("go");
    until("both reports are tried", || usize::MAX - world.store.left() >= 2).await;
    world.engine.stop();
    // What the engine could not record stays on disk.
    until("both results are on disk", || world.exit_records() == 2).await;
    world.store.fail(0);
    world.restart(Scope::All);
    let view = world.ended(&flow).await;
    assert_eq!(view.flow.status, FlowStatus::Succeeded, "{view:#?}");
    world.at_rest().await;
    assert_eq!(world.task(&task).await.error.as_deref(), Some("exit code 7"));
}
