//! Waiting for news of a flow.

use crate::world::{World, named, scenario, until};
use clawflow_core::flow::Flow;
use clawflow_engine::api::{Call, FlowWait, FlowWaitRequest};
use std::time::{Duration, Instant};

fn wait(flow: &Flow, after_event: u64, timeout_ms: u64) -> FlowWaitRequest {
    FlowWaitRequest { flow: named(flow).flow, after_event, timeout_ms, until_ended: false }
}

scenario!(an_ended_flow_is_no_news_to_wait_for, 2);
async fn an_ended_flow_is_no_news_to_wait_for(world: World) {
    let flow = world.run("steps:\n  - { id: a, run: 'true' }\n").await;
    let view = world.succeeded(&flow).await;
    let began = Instant::now();
    for after in [0, view.last_event, view.last_event + 1000] {
        let news = world.call::<FlowWait>(wait(&flow, after, 30_000)).await.unwrap();
        assert!(news.view.flow.is_terminal());
        assert_eq!(news.events.is_empty(), after > 0);
    }
    assert!(began.elapsed() < Duration::from_secs(10));
    world.at_rest().await;
}

scenario!(who_waits_is_forgotten_when_he_goes, 2);
async fn who_waits_is_forgotten_when_he_goes(world: World) {
    let mut calls = Vec::new();
    let mut flows = Vec::new();
    for _ in 0..5 {
        let flow = world.run("steps:\n  - { id: gate, approval: 'go?' }\n").await;
        let newest = world.view(&flow).await.last_event;
        for _ in 0..4 {
            let (api, request) = (world.api.clone(), wait(&flow, newest, 30_000));
            calls.push(tokio::spawn(async move { FlowWait::run(&api, request).await }));
        }
        flows.push(flow);
    }
    until("all wait", || world.engine.usage().watched == 5).await;
    calls.iter().for_each(tokio::task::JoinHandle::abort);
    world.at_rest().await;
}

// A follower gets each event once, in order, and the end with the last one.
scenario!(a_follower_misses_nothing, 4);
async fn a_follower_misses_nothing(world: World) {
    let steps: String =
        (0..400).map(|n| format!("  - {{ id: s{n}, sleep: 0ms, needs: [] }}\n")).collect();
    let flow = world.run(&format!("steps:\n{steps}  - {{ id: z, run: 'true' }}\n  - {{ id: nap, sleep: 20ms }}\n  - {{ id: y, run: 'true' }}\n")).await;
    let mut seen = Vec::new();
    loop {
        let after = seen.last().copied().unwrap_or(0);
        let news = world.call::<FlowWait>(wait(&flow, after, 30_000)).await.unwrap();
        assert!(news.events.len() <= 500);
        seen.extend(news.events.iter().map(|stored| stored.event.number));
        let newest = seen.last().copied().unwrap_or(0);
        if news.view.flow.is_terminal() && newest >= news.view.last_event {
            break;
        }
    }
    let all: Vec<u64> = (1..=seen.len() as u64).collect();
    assert_eq!(seen, all);
    assert_eq!(*seen.last().unwrap(), world.view(&flow).await.last_event);
    world.at_rest().await;
}
