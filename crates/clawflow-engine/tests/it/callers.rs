//! Callers that hang up.

use crate::world::{World, named, scenario, until};
use clawflow_engine::api::{Call, FlowList, FlowListRequest, FlowPause, FlowPauseRequest, FlowRun};
use std::time::Duration;

async fn hung_up<C: Call>(world: &World, request: C::Request) {
    let api = world.api.clone();
    let call = tokio::spawn(async move { C::run(&api, request).await.map(|_| ()) });
    // The store holds its answer back: the call is in the middle of its commit.
    tokio::time::sleep(Duration::from_millis(30)).await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
}

scenario!(what_a_caller_began_is_carried_through, 2);
async fn what_a_caller_began_is_carried_through(world: World) {
    world.store.slow_down(Duration::from_millis(150));
    hung_up::<FlowRun>(&world, world.request("steps:\n  - { id: a, run: 'echo a >> marks' }\n"))
        .await;
    let argv = ["sh", "-c", "echo task >> marks"].map(str::to_owned).to_vec();
    let task = clawflow_engine::api::TaskRunRequest {
        argv,
        cwd: world.path().display().to_string(),
        env: world.request("").env,
        owner: "agent:main:main".to_owned(),
        ..<_>::default()
    };
    hung_up::<clawflow_engine::api::TaskRun>(&world, task).await;
    until("both have run", || world.lines("marks").len() == 2).await;
    let all = FlowListRequest { all: true, ..FlowListRequest::default() };
    let flow = world.call::<FlowList>(all).await.unwrap().flows.remove(0).flow;
    world.succeeded(&flow).await;
    world.at_rest().await;
}

scenario!(a_pause_whose_caller_hangs_up_holds, 2);
async fn a_pause_whose_caller_hangs_up_holds(world: World) {
    let flow = world.run("steps:\n  - { id: gate, approval: 'go?' }\n").await;
    world.store.slow_down(Duration::from_millis(150));
    let request = FlowPauseRequest {
        flow: named(&flow).flow,
        expected_revision: None,
        reason: "test".to_owned(),
    };
    hung_up::<FlowPause>(&world, request).await;
    world.until(&flow, "the pause", |view| view.flow.paused_at.is_some()).await;
    world.at_rest().await;
}
