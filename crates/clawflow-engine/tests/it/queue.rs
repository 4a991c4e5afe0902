//! The line for a slot.

use crate::world::{World, named, scenario, until};
use clawflow_core::flow::Flow;
use clawflow_core::task::TaskStatus;
use clawflow_engine::api::{
    FlowCancel, FlowCancelRequest, FlowPause, FlowPauseRequest, FlowUnpause,
};

fn pause(flow: &Flow) -> FlowPauseRequest {
    FlowPauseRequest { flow: named(flow).flow, expected_revision: None, reason: "test".to_owned() }
}

const HELD: &str = "steps:\n  - { id: a, run: 'until [ -e go ]; do sleep 0.01; done' }\n";

fn marks(name: &str) -> String {
    format!("steps:\n  - {{ id: a, run: 'echo {name} >> marks' }}\n")
}

scenario!(tasks_start_in_the_order_in_which_they_were_queued, 1);
async fn tasks_start_in_the_order_in_which_they_were_queued(world: World) {
    let first = world.run(HELD).await;
    let mut flows = Vec::new();
    for number in 0..10 {
        flows.push(world.run(&marks(&number.to_string())).await);
    }
    assert_eq!(world.engine.usage().queued, 10);
    world.touch("go");
    world.succeeded(&first).await;
    for flow in &flows {
        world.succeeded(flow).await;
    }
    let wanted: Vec<String> = (0..10).map(|number| number.to_string()).collect();
    assert_eq!(world.lines("marks"), wanted);
    world.at_rest().await;
}

scenario!(a_paused_flow_leaves_the_line_and_comes_back, 1);
async fn a_paused_flow_leaves_the_line_and_comes_back(world: World) {
    let first = world.run(HELD).await;
    let paused = world.run(&marks("paused")).await;
    let other = world.run(&marks("other")).await;
    world.call::<FlowPause>(pause(&paused)).await.unwrap();
    world.touch("go");
    world.succeeded(&first).await;
    world.succeeded(&other).await;
    until("nobody is in line", || world.engine.usage().queued == 0).await;
    world.at_rest().await;
    assert_eq!(world.lines("marks"), ["other"]);
    world.call::<FlowUnpause>(pause(&paused)).await.unwrap();
    world.succeeded(&paused).await;
    assert_eq!(world.lines("marks"), ["other", "paused"]);
    world.at_rest().await;
}

scenario!(a_cancel_brings_the_unwinding_of_a_paused_flow_back_into_line, 1);
async fn a_cancel_brings_the_unwinding_of_a_paused_flow_back_into_line(world: World) {
    let yaml = "steps:
  - { id: a, run: 'until [ -e first ]; do sleep 0.01; done' }
finally:
  - { id: tidy, run: 'echo tidied >> marks' }
";
    let flow = world.run(yaml).await;
    // In line before it, so that the only slot is taken when the flow's own step ends.
    let held = world.run(HELD).await;
    world.touch("first");
    let queued = |task: &clawflow_core::task::Task| task.status == TaskStatus::Queued;
    world.until(&flow, "a queued finally", |view| view.tasks.iter().any(queued)).await;
    world.call::<FlowPause>(pause(&flow)).await.unwrap();
    world.touch("go");
    world.succeeded(&held).await;
    world.at_rest().await;
    let request = FlowCancelRequest {
        flow: named(&flow).flow,
        expected_revision: None,
        reason: "test".to_owned(),
        wait_ms: 0,
    };
    world.call::<FlowCancel>(request).await.unwrap();
    world.ended(&flow).await;
    assert_eq!(world.lines("marks"), ["tidied"]);
    world.at_rest().await;
}
