//! Waiting for news of a flow.

use crate::world::{World, named, scenario, until};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_engine::api::{Call, FlowAnswer, FlowAnswerRequest, FlowWait, FlowWaitRequest};
use std::time::{Duration, Instant};

fn wait(flow: &Flow, after_event: u64, timeout_ms: u64) -> FlowWaitRequest {
    FlowWaitRequest {
        flow: named(flow).flow,
        after_event,
        timeout_ms,
        ..FlowWaitRequest::default()
    }
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

// What happens on the way is no reason to answer, but comes with the answer.
scenario!(a_wait_for_rest_ends_at_a_gate_and_at_the_end, 2);
async fn a_wait_for_rest_ends_at_a_gate_and_at_the_end(world: World) {
    let yaml = "steps:\n  - { id: a, run: 'true' }\n  - { id: go, approval: 'go?' }\n  \
                - { id: b, run: 'true' }\n";
    let flow = world.run(yaml).await;
    let rest = |after, ms| FlowWaitRequest { until_rest: true, ..wait(&flow, after, ms) };
    let news = world.call::<FlowWait>(rest(0, 30_000)).await.unwrap();
    assert_eq!(news.view.flow.status, FlowStatus::Waiting);
    assert_eq!(news.events.len() as u64, news.view.last_event);
    let same = world.call::<FlowWait>(rest(news.view.last_event, 50)).await.unwrap();
    assert_eq!((same.events.len(), same.view.last_event), (0, news.view.last_event));
    let answer = FlowAnswerRequest {
        flow: named(&flow).flow,
        step: None,
        wait_id: None,
        approve: Some(true),
        response: None,
        by: "ann".to_owned(),
        shown_hash: None,
    };
    world.call::<FlowAnswer>(answer).await.unwrap();
    let end = world.call::<FlowWait>(rest(news.view.last_event, 30_000)).await.unwrap();
    assert_eq!(end.view.flow.status, FlowStatus::Succeeded);
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
