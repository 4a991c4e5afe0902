//! Flows that wait in line for the live one of their key.

use crate::ask::{ME, ask, bound, done, refused};
use crate::child_flows::request;
use crate::world::{World, named, scenario};
use clawflow_core::flow::FlowStatus;
use clawflow_engine::Scope;
use clawflow_engine::api::{
    FlowCancel, FlowGet, FlowPause, FlowPurge, FlowRetry, FlowRun, FlowUnpause, FlowWhy,
};
use serde_json::json;

const CROWD: usize = 24;
/// Ends once there is a file `go`.
const HELD: &str = "key: k
on_conflict: queue
steps: [{ id: a, run: 'echo on >> marks; until [ -e go ]; do sleep 0.02; done; echo off >> marks' }]
";
const SHORT: &str = "key: k
on_conflict: queue
steps: [{ id: a, run: 'echo on >> marks; echo off >> marks' }]
";

scenario!(a_crowd_goes_one_at_a_time, 8);
async fn a_crowd_goes_one_at_a_time(mut world: World) {
    let mut runs = tokio::task::JoinSet::new();
    for _ in 0..CROWD {
        let (api, request) = (world.api.clone(), world.request(SHORT));
        runs.spawn(
            async move { <FlowRun as clawflow_engine::api::Call>::run(&api, request).await },
        );
    }
    let flows: Vec<_> = runs.join_all().await.into_iter().map(Result::unwrap).collect();
    world.restart(Scope::All);
    for flow in &flows {
        world.succeeded(flow).await;
    }
    let wanted: Vec<_> = ["on", "off"].into_iter().cycle().take(2 * CROWD).collect();
    assert_eq!(world.lines("marks"), wanted);
    world.at_rest().await;
}

scenario!(whoever_ends_or_holds_the_key_decides_when_the_next_begins, 4);
async fn whoever_ends_or_holds_the_key_decides_when_the_next_begins(world: World) {
    let me = bound(&world, ME);
    let first = world.run(HELD).await;
    let (second, third) = (world.run(HELD).await, world.run(HELD).await);
    assert_eq!((second.status, third.status), (FlowStatus::Queued, FlowStatus::Queued));
    let get = json!({ "flow": "k" });
    assert_eq!(done::<FlowGet>(&me, get).await.flow_id, first.flow_id);
    let of = |flow: &clawflow_core::flow::Flow| json!({ "flow": flow.flow_id });
    let why = serde_json::to_string(&done::<FlowWhy>(&me, of(&second)).await).unwrap();
    assert!(why.contains(&format!("waits in line for {}", first.flow_id)), "{why}");
    assert_eq!(refused::<FlowRetry>(&me, of(&second)).await, "invalid_state", "it is live");
    done::<FlowPause>(&me, of(&second)).await;
    done::<FlowCancel>(&me, of(&first)).await;
    world.ended(&first).await;
    world.until(&second, "its turn", |v| v.flow.in_line_since.is_none()).await;
    assert_eq!(world.view(&third).await.flow.status, FlowStatus::Queued, "paused, it has the key");
    assert_eq!(refused::<FlowRetry>(&me, of(&first)).await, "key_conflict", "no line for a retry");
    done::<FlowPurge>(&me, of(&first)).await;
    done::<FlowUnpause>(&me, of(&second)).await;
    world.touch("go");
    world.succeeded(&second).await;
    world.succeeded(&third).await;
    assert!(ask::<FlowGet>(&me, json!(named(&first))).await.is_err());
    world.at_rest().await;
}

scenario!(a_child_flow_does_not_wait_for_its_own_parent, 2);
async fn a_child_flow_does_not_wait_for_its_own_parent(world: World) {
    let main = "key: k\non_conflict: queue\nsteps: [{ id: c, flow: { file: child.yaml } }]\n";
    let flow = world.call::<FlowRun>(request(&world, main, &[("child.yaml", SHORT)])).await;
    let view = world.ended(&flow.unwrap()).await;
    assert_eq!(view.flow.status, FlowStatus::Failed);
    assert!(world.lines("marks").is_empty());
    world.at_rest().await;
}
