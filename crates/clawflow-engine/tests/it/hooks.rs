//! The feed and the hooks: what follows a commit.

use crate::ask::{ME, OTHER, bound, create, done, refused};
use crate::world::{World, scenario};
use clawflow_core::delivery::{DeliveryState, RouteKind};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_engine::Hooks;
use clawflow_engine::api::{
    DeliveryDismiss, DeliveryList, DeliveryRedeliver, FlowCreate, FlowEmit, FlowEvents, FlowFinish,
    FlowSetWaiting, InboxAck, InboxList,
};
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn add(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl Hooks for Log {
    fn flow_created(&self, flow: &Flow) {
        self.add(format!("created {}", flow.status));
    }

    fn flow_transition(&self, _flow: &Flow, from: FlowStatus, to: FlowStatus) {
        self.add(format!("{from} -> {to}"));
    }

    fn flow_ended(&self, flow: &Flow) {
        self.add(format!("ended {}", flow.status));
    }
}

/// Hooks that do what they must not.
struct Broken;

impl Hooks for Broken {
    fn flow_created(&self, _flow: &Flow) {
        panic!("a hook of the test");
    }

    fn flow_ended(&self, _flow: &Flow) {
        panic!("a hook of the test");
    }
}

scenario!(hooks_are_told_in_order_and_only_of_what_happened, 1);
async fn hooks_are_told_in_order_and_only_of_what_happened(world: World) {
    let log = Log::default();
    world.engine.on(Broken);
    world.engine.on(log.clone());
    let me = bound(&world, ME);
    world.store.fail(1);
    let new = json!({ "controllerId": "test", "goal": "g" });
    assert_eq!(refused::<FlowCreate>(&me, new).await, "store_full");
    assert!(log.0.lock().unwrap().is_empty(), "nothing was committed");
    let flow = create(&me).await;
    done::<FlowSetWaiting>(&me, json!({ "flow": flow.flow_id })).await;
    done::<FlowFinish>(&me, json!({ "flow": flow.flow_id })).await;
    let expected =
        ["created running", "running -> waiting", "waiting -> succeeded", "ended succeeded"];
    assert_eq!(*log.0.lock().unwrap(), expected);
    log.0.lock().unwrap().clear();
    let flow = world.run("steps:\n  - { id: a, run: 'true' }\n").await;
    world.succeeded(&flow).await;
    crate::world::until("the end is told", || {
        log.0.lock().unwrap().last().is_some_and(|line| line == "ended succeeded")
    })
    .await;
    assert!(log.0.lock().unwrap()[0].starts_with("created"));
    world.at_rest().await;
}

scenario!(the_feed_hints_at_what_is_on_disk, 1);
async fn the_feed_hints_at_what_is_on_disk(world: World) {
    let me = bound(&world, ME);
    let mut feed = world.engine.feed();
    let before = feed.newest();
    let quiet = tokio::time::timeout(Duration::from_millis(20), feed.changed()).await;
    assert!(quiet.is_err(), "nothing has happened");
    let flow = create(&me).await;
    for _ in 0..5 {
        let set = json!({ "flow": flow.flow_id });
        done::<FlowSetWaiting>(&me, set.clone()).await;
        done::<clawflow_engine::api::FlowResume>(&me, set).await;
    }
    let seq = feed.changed().await;
    assert!(seq > before && seq == feed.newest());
    let all = done::<FlowEvents>(&me, json!({ "after": before, "limit": 1000 })).await.events;
    assert_eq!(all.len(), 11, "a slow reader has missed nothing");
    assert_eq!(all.last().unwrap().seq, seq);
    let quiet = tokio::time::timeout(Duration::from_millis(20), feed.changed()).await;
    assert!(quiet.is_err(), "and it is told once");
}

scenario!(an_inbox_is_waited_for_and_acknowledged, 1);
async fn an_inbox_is_waited_for_and_acknowledged(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let waiting = {
        let me = me.clone();
        tokio::spawn(async move {
            done::<InboxList>(&me, json!({ "timeoutMs": 30_000 })).await.deliveries
        })
    };
    let began = Instant::now();
    crate::world::until("somebody waits", || world.engine.usage().watched == 1).await;
    let update = json!({ "flow": flow.flow_id, "content": "half of it" });
    let sent = done::<FlowEmit>(&me, update).await;
    assert_eq!(sent.delivery, DeliveryState::SessionQueued);
    let got = waiting.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(20), "it was told, not timed out");
    assert_eq!(got.len(), 1);
    let row = &got[0];
    assert_eq!((row.content.as_str(), row.route), ("half of it", RouteKind::Inbox));
    let id = row.delivery_id.clone();
    let other = bound(&world, OTHER);
    assert!(done::<InboxList>(&other, json!({})).await.deliveries.is_empty());
    let both = json!({ "ids": [id, "dlv_nobody"] });
    assert_eq!(refused::<InboxAck>(&me, both).await, "not_found");
    assert_eq!(done::<InboxList>(&me, json!({})).await.deliveries.len(), 1, "none of them");
    let ack = json!({ "ids": [id], "by": "ann" });
    let acked = done::<InboxAck>(&me, ack.clone()).await.deliveries;
    assert_eq!(acked[0].state, DeliveryState::Acknowledged);
    assert_eq!(done::<InboxAck>(&me, ack).await.deliveries, acked, "twice is no error");
    assert!(done::<InboxList>(&me, json!({})).await.deliveries.is_empty());
    assert_eq!(done::<InboxList>(&me, json!({ "all": true })).await.deliveries, acked);
    let token = json!({ "delivery": id });
    assert_eq!(refused::<DeliveryDismiss>(&me, token.clone()).await, "terminal");
    assert_eq!(refused::<DeliveryRedeliver>(&me, token).await, "terminal");
    world.at_rest().await;
}

scenario!(messages_are_dismissed_and_sent_again, 1);
async fn messages_are_dismissed_and_sent_again(world: World) {
    let me = bound(&world, ME);
    let flow = create(&me).await;
    for content in ["one", "two", "three"] {
        done::<FlowEmit>(&me, json!({ "flow": flow.flow_id, "content": content })).await;
    }
    let first = done::<InboxList>(&me, json!({ "limit": 2 })).await;
    assert_eq!((first.deliveries.len(), first.next.is_some()), (2, true));
    let rest = json!({ "limit": 2, "after": first.next });
    let rest = done::<InboxList>(&me, rest).await;
    assert_eq!((rest.deliveries.len(), rest.next), (1, None));
    let of_flow = json!({ "delivery": flow.flow_id, "by": "ann" });
    let dismissed = done::<DeliveryDismiss>(&me, of_flow.clone()).await.deliveries;
    assert_eq!(dismissed.len(), 3);
    assert!(done::<InboxList>(&me, json!({})).await.deliveries.is_empty());
    assert!(
        done::<DeliveryDismiss>(&me, of_flow.clone()).await.deliveries.is_empty(),
        "nothing to do"
    );
    let one = json!({ "delivery": dismissed[0].delivery_id });
    let again = done::<DeliveryRedeliver>(&me, one).await.deliveries;
    assert_eq!(again[0].state, DeliveryState::SessionQueued);
    assert_eq!(again[0].idempotency_key, dismissed[0].idempotency_key, "it is the same message");
    let states = json!({ "flow": flow.flow_id, "state": ["dismissed"] });
    assert_eq!(done::<DeliveryList>(&me, states).await.deliveries.len(), 2);
}
