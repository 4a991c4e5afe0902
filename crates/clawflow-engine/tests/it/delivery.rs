//! Messages that are owed: carried, tried again, given to the inbox, and never lost by a restart.

use crate::world::{World, scenario};
use clawflow_core::delivery::{Delivery, DeliveryState, RouteKind};
use clawflow_core::ids::DeliveryId;
use clawflow_core::unit::{Change, Unit};
use clawflow_engine::api::{Call as _, DeliveryRedeliver, InboxList};
use clawflow_engine::{Carried, Courier, CourierError, Scope};
use clawflow_store::Store;
use clawflow_store::query::DeliveryFilter;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const OWNER: &str = "agent:main:main";

/// What a courier does with the next try.
enum Then {
    Take,
    Fail(CourierError),
    Hang,
}

/// A courier that does as it is told, then takes everything.
#[derive(Default)]
struct Script {
    thens: Mutex<VecDeque<Then>>,
    tried: Mutex<Vec<(String, String)>>,
}

impl Script {
    fn new(thens: impl IntoIterator<Item = Then>) -> Arc<Self> {
        let thens = Mutex::new(thens.into_iter().collect());
        Arc::new(Self { thens, tried: Mutex::default() })
    }

    fn keys(&self) -> Vec<String> {
        self.tried.lock().unwrap().iter().map(|(_, key)| key.clone()).collect()
    }
}

impl Courier for Script {
    fn carry<'a>(&'a self, delivery: &'a Delivery) -> Carried<'a> {
        let tried = (delivery.route_name.clone(), delivery.idempotency_key.clone());
        self.tried.lock().unwrap().push(tried);
        // A route of this name never answers, whatever the script says.
        let hangs = delivery.route_name == "slow";
        let then = self.thens.lock().unwrap().pop_front().unwrap_or(Then::Take);
        Box::pin(async move {
            match then {
                _ if hangs => std::future::pending().await,
                Then::Hang => std::future::pending().await,
                Then::Take => Ok(()),
                Then::Fail(error) => Err(error),
            }
        })
    }
}

fn owed(name: &str, route: &str) -> Delivery {
    Delivery {
        delivery_id: DeliveryId(format!("dlv_{name}")),
        version: 0,
        owner_key: OWNER.to_owned(),
        flow_id: None,
        task_id: None,
        kind: "flow.update".to_owned(),
        idempotency_key: format!("key:{name}"),
        content: "news".to_owned(),
        data: serde_json::Value::Null,
        requester_origin: None,
        route: RouteKind::Webhook,
        route_name: route.to_owned(),
        state: DeliveryState::Pending,
        attempts: 0,
        due_at: Some(1),
        error: None,
        created_at: 1,
        delivered_at: None,
        closed_at: None,
        place: None,
    }
}

async fn put(world: &World, rows: impl IntoIterator<Item = Delivery>) {
    let deliveries = rows.into_iter().map(|row| Change { expected: None, row }).collect();
    world.engine.commit(Unit { deliveries, ..Unit::default() }).await.unwrap();
}

/// Waits until the row is as wanted.
async fn until(world: &World, name: &str, fits: impl Fn(&Delivery) -> bool) -> Delivery {
    let id = DeliveryId(format!("dlv_{name}"));
    let began = Instant::now();
    loop {
        let row = world.store.delivery(&id).unwrap().expect("the row is there");
        if fits(&row) {
            return row;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{row:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

scenario!(what_is_owed_is_carried_once, 1);
async fn what_is_owed_is_carried_once(world: World) {
    let script = Script::new([]);
    world.engine.carry_by(script.clone());
    put(&world, [owed("a", "ops")]).await;
    let row = until(&world, "a", |row| row.state == DeliveryState::Delivered).await;
    assert_eq!((row.attempts, row.due_at, row.error), (1, None, None));
    assert!(row.delivered_at.is_some() && row.closed_at.is_none());
    // The same message of the owner on the same route is none.
    put(&world, [Delivery { delivery_id: "dlv_b".into(), ..owed("a", "ops") }]).await;
    put(&world, [owed("c", "ops")]).await;
    until(&world, "c", |row| row.state == DeliveryState::Delivered).await;
    assert_eq!(script.keys(), ["key:a", "key:c"]);
}

scenario!(a_failed_try_is_made_again_with_the_same_key, 1);
async fn a_failed_try_is_made_again_with_the_same_key(world: World) {
    let script = Script::new([Then::Fail(CourierError::may_pass("503".to_owned()))]);
    world.engine.carry_by(script.clone());
    put(&world, [owed("a", "ops")]).await;
    let failed = until(&world, "a", |row| row.attempts == 1).await;
    assert_eq!((failed.state, failed.error.as_deref()), (DeliveryState::Pending, Some("503")));
    assert!(failed.due_at > Some(failed.created_at));
    let row = until(&world, "a", |row| row.state == DeliveryState::Delivered).await;
    assert_eq!((row.attempts, row.error), (2, None));
    assert_eq!(script.keys(), ["key:a", "key:a"]);
}

scenario!(what_no_try_can_deliver_goes_to_the_inbox, 1);
async fn what_no_try_can_deliver_goes_to_the_inbox(world: World) {
    let script = Script::new([Then::Fail(CourierError::for_good("410".to_owned()))]);
    world.engine.carry_by(script.clone());
    put(&world, [owed("a", "ops")]).await;
    let row = until(&world, "a", |row| row.state == DeliveryState::Failed).await;
    assert!(row.closed_at.is_some());
    let filter = DeliveryFilter { limit: 10, ..DeliveryFilter::default() };
    let all = world.store.list_deliveries(&filter).unwrap();
    let inbox: Vec<_> = all.iter().filter(|row| row.route == RouteKind::Inbox).collect();
    assert_eq!(inbox.len(), 1, "{all:?}");
    assert_eq!(inbox[0].idempotency_key, "key:a");
    assert_eq!(inbox[0].state, DeliveryState::SessionQueued);
}

scenario!(a_receiver_that_asks_for_time_gets_it, 1);
async fn a_receiver_that_asks_for_time_gets_it(world: World) {
    let hour = Duration::from_secs(3600);
    let error = CourierError { retry_after: Some(hour), ..CourierError::may_pass("429".into()) };
    world.engine.carry_by(Script::new([Then::Fail(error)]));
    put(&world, [owed("a", "ops")]).await;
    let row = until(&world, "a", |row| row.attempts == 1).await;
    let wanted = clawflow_engine::clock::now() + 3_500_000;
    assert!(row.due_at.is_some_and(|at| at > wanted), "{row:?}");
}

scenario!(a_try_that_a_restart_cut_off_is_made_again, 1);
async fn a_try_that_a_restart_cut_off_is_made_again(mut world: World) {
    let hanging = Script::new([Then::Hang]);
    world.engine.carry_by(hanging.clone());
    put(&world, [owed("a", "ops")]).await;
    while hanging.keys().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.restart(Scope::All);
    let script = Script::new([]);
    world.engine.carry_by(script.clone());
    until(&world, "a", |row| row.state == DeliveryState::Delivered).await;
    assert_eq!(script.keys(), ["key:a"]);
}

scenario!(a_route_that_hangs_holds_up_no_other, 1);
async fn a_route_that_hangs_holds_up_no_other(world: World) {
    world.engine.carry_by(Script::new([]));
    put(&world, (0..1200).map(|n| owed(&format!("slow{n:04}"), "slow"))).await;
    // Due after all of them.
    put(&world, [Delivery { due_at: Some(2), ..owed("quick", "ops") }]).await;
    until(&world, "quick", |row| row.state == DeliveryState::Delivered).await;
}

scenario!(what_was_dropped_meanwhile_stays_dropped, 1);
async fn what_was_dropped_meanwhile_stays_dropped(world: World) {
    let script = Script::new([Then::Fail(CourierError::may_pass("503".to_owned()))]);
    world.engine.carry_by(script.clone());
    put(&world, [owed("a", "ops")]).await;
    let failed = until(&world, "a", |row| row.attempts == 1).await;
    let dropped = clawflow_core::delivery::dismiss(&failed, 2).unwrap();
    let change = Change { expected: Some(failed.version), row: dropped };
    world.engine.commit(Unit { deliveries: vec![change], ..Unit::default() }).await.unwrap();
    put(&world, [Delivery { due_at: failed.due_at, ..owed("b", "ops") }]).await;
    // The second comes after the first would have come.
    until(&world, "b", |row| row.state == DeliveryState::Delivered).await;
    assert_eq!(script.keys(), ["key:a", "key:b"]);
}

scenario!(whoever_follows_an_inbox_misses_nothing, 1);
async fn whoever_follows_an_inbox_misses_nothing(world: World) {
    let message = |name: &str| Delivery {
        route: RouteKind::Inbox,
        state: DeliveryState::SessionQueued,
        due_at: None,
        ..owed(name, "")
    };
    let api = world.api.clone();
    let (seen, mut told) = tokio::sync::mpsc::unbounded_channel();
    let watch = tokio::spawn(async move {
        let mut after = "0".to_owned();
        loop {
            let request = serde_json::json!({ "after": after, "timeoutMs": 30_000 });
            let request = serde_json::from_value(request).unwrap();
            for row in InboxList::run(&api, request).await.unwrap().deliveries {
                after = row.place.unwrap().to_string();
                seen.send(row.delivery_id.0).unwrap();
            }
        }
    });
    // Ids are made at decisions; the commits of two decisions may come the other way round.
    for name in ["b", "c", "a"] {
        put(&world, [message(name)]).await;
        assert_eq!(told.recv().await, Some(format!("dlv_{name}")));
    }
    let again = serde_json::from_value(serde_json::json!({ "delivery": "dlv_b" })).unwrap();
    world.call::<DeliveryRedeliver>(again).await.unwrap();
    let next = tokio::time::timeout(Duration::from_secs(30), told.recv()).await;
    assert_eq!(next.unwrap().as_deref(), Some("dlv_b"), "it lies there again");
    watch.abort();
    let odd = serde_json::from_value(serde_json::json!({ "after": "dlv_a" })).unwrap();
    assert_eq!(world.call::<InboxList>(odd).await.unwrap_err().code, "bad_request");
}

scenario!(what_is_committed_is_told_although_its_caller_hangs_up, 1);
async fn what_is_committed_is_told_although_its_caller_hangs_up(world: World) {
    let mut changes = world.engine.changes(&format!("inbox:{OWNER}"));
    world.store.slow_down(Duration::from_millis(100));
    let engine = world.engine.clone();
    let row = Delivery {
        route: RouteKind::Inbox,
        state: DeliveryState::SessionQueued,
        due_at: None,
        ..owed("a", "")
    };
    let deliveries = vec![Change { expected: None, row }];
    let commit = engine.commit(Unit { deliveries, ..Unit::default() });
    let left = tokio::time::timeout(Duration::from_millis(20), commit).await;
    assert!(left.is_err(), "the store holds its answer back");
    let told = tokio::time::timeout(Duration::from_secs(20), changes.changed()).await;
    assert!(told.is_ok(), "the watchers of the inbox are told");
}
