//! What the next engine takes up.

use crate::world::{World, named, scenario, until};
use clawflow_core::flow::FlowStatus;
use clawflow_engine::Scope;
use clawflow_engine::api::{FlowAdopt, FlowCancel, FlowCancelRequest};

const HELD: &str = "steps:
  - { id: a, run: 'echo a >> marks; until [ -e go ]; do sleep 0.01; done; echo done' }
  - { id: b, run: 'echo b >> marks' }
";

scenario!(running_and_queued_work_survives_a_dropped_engine, 1);
async fn running_and_queued_work_survives_a_dropped_engine(mut world: World) {
    let running = world.run(HELD).await;
    let queued = world.run("steps:\n  - { id: c, run: 'echo c >> marks' }\n").await;
    until("a has begun", || world.lines("marks").len() == 1).await;
    world.restart(Scope::All);
    until("a is adopted", || world.engine.usage().slots_free == 0).await;
    assert_eq!(world.lines("marks"), ["a"]);
    world.touch("go");
    world.succeeded(&running).await;
    world.succeeded(&queued).await;
    let mut marks = world.lines("marks");
    marks.sort();
    assert_eq!(marks, ["a", "b", "c"]);
    world.at_rest().await;
}

scenario!(an_end_while_nobody_looked_is_found, 1);
async fn an_end_while_nobody_looked_is_found(mut world: World) {
    let flow = world.run(HELD).await;
    until("a has begun", || world.lines("marks").len() == 1).await;
    world.engine.stop();
    world.touch("go");
    world.restart(Scope::All);
    world.succeeded(&flow).await;
    assert_eq!(world.lines("marks"), ["a", "b"]);
    world.at_rest().await;
}

scenario!(adopting_again_and_again_changes_nothing, 2);
async fn adopting_again_and_again_changes_nothing(mut world: World) {
    let flow = world.run(HELD).await;
    let other = world.run(HELD).await;
    until("both have begun", || world.lines("marks").len() == 2).await;
    world.restart(Scope::Driven);
    for _ in 0..20 {
        world.call::<FlowAdopt>(named(&flow)).await.unwrap();
    }
    until("it is adopted", || world.engine.usage().slots_free == 1).await;
    assert_eq!(world.engine.running(), 1);
    world.touch("go");
    world.succeeded(&flow).await;
    world.at_rest().await;
    // The other one is driven by nobody.
    assert_eq!(world.view(&other).await.flow.status, FlowStatus::Running);
    world.call::<FlowAdopt>(named(&other)).await.unwrap();
    world.succeeded(&other).await;
    assert_eq!(world.lines("marks").len(), 4);
    world.at_rest().await;
}

scenario!(a_single_command_sees_a_cancel_to_its_end, 2);
async fn a_single_command_sees_a_cancel_to_its_end(mut world: World) {
    let yaml = "steps:
  - { id: a, run: 'echo a >> marks; exec sleep 60' }
finally:
  - { id: tidy, run: 'echo tidied >> marks' }
";
    let flow = world.run(yaml).await;
    until("a has begun", || world.lines("marks").len() == 1).await;
    world.restart(Scope::Nothing);
    let request = FlowCancelRequest {
        flow: named(&flow).flow,
        expected_revision: None,
        reason: "test".to_owned(),
        wait_ms: 20_000,
    };
    let ended = world.call::<FlowCancel>(request).await.unwrap();
    assert_eq!(ended.status, FlowStatus::Cancelled);
    assert_eq!(world.lines("marks"), ["a", "tidied"]);
    world.at_rest().await;
}

scenario!(a_cancel_that_waits_for_nothing_still_stops_what_runs, 2);
async fn a_cancel_that_waits_for_nothing_still_stops_what_runs(mut world: World) {
    let yaml = "steps:\n  - { id: a, run: 'echo a >> marks; trap \"echo t >> marks\" TERM; sleep 60 & wait' }\n";
    let flow = world.run(yaml).await;
    until("a has begun", || world.lines("marks").len() == 1).await;
    world.restart(Scope::Nothing);
    let request = FlowCancelRequest {
        flow: named(&flow).flow,
        expected_revision: None,
        reason: "test".to_owned(),
        wait_ms: 0,
    };
    world.call::<FlowCancel>(request).await.unwrap();
    // The command goes home at once, as `flows cancel --no-wait` does without a gateway.
    world.engine.stop();
    until("a was told", || world.lines("marks").len() == 2).await;
    world.restart(Scope::All);
    assert_eq!(world.ended(&flow).await.flow.status, FlowStatus::Cancelled);
    world.at_rest().await;
}
