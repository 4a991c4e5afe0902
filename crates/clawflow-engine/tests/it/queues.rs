//! Named queues: who starts, who waits, and what is told of it.

use crate::world::{Kind, PATIENCE, Queues, World, named, until};
use clawflow_core::flow::Flow;
use clawflow_core::queue::QueueLimits;
use clawflow_engine::Scope;
use clawflow_engine::api::{
    Api, Call, FlowCancel, FlowCancelRequest, FlowPause, FlowPauseRequest, FlowRun, FlowUnpause,
    FlowWhy, QueueList, QueueListRequest, QueueView, Session,
};
use std::time::{Duration, Instant};

/// The file `go` ends it.
const HELD: &str = "queue: q\nsteps:\n  - { id: a, run: 'until [ -e go ]; do sleep 0.01; done' }\n";

fn marks(name: &str, priority: i32) -> String {
    let queue = format!("{{ name: q, priority: {priority} }}");
    format!("steps:\n  - {{ id: a, queue: {queue}, run: 'echo {name} >> marks' }}\n")
}

fn one_at_a_time() -> Queues {
    let limits = QueueLimits { concurrency: Some(1), ..QueueLimits::default() };
    Queues::from([("q".to_owned(), limits)])
}

async fn queue(api: &Api) -> QueueView {
    let request = QueueListRequest { queue: Some("q".to_owned()), limit: None };
    QueueList::run(api, request).await.unwrap().queues.remove(0)
}

/// The queue, once so many run and wait.
async fn filled(api: &Api, running: usize, waiting: u64) -> QueueView {
    let began = Instant::now();
    loop {
        let shown = queue(api).await;
        if (shown.running.len(), shown.waiting) == (running, waiting) {
            return shown;
        }
        assert!(began.elapsed() < PATIENCE, "{running} do not run and {waiting} wait: {shown:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn words(view: &QueueView) -> Vec<(String, String)> {
    let why = |task: &clawflow_engine::api::QueueTask| task.why.clone().unwrap_or_default();
    view.line.iter().map(|task| (task.owner_key.clone(), why(task))).collect()
}

async fn run_for(world: &World, owner: &str, yaml: &str) -> Flow {
    let mut request = world.request(yaml);
    request.owner = Some(owner.to_owned());
    world.call::<FlowRun>(request).await.unwrap()
}

fn pause(flow: &Flow) -> FlowPauseRequest {
    FlowPauseRequest { flow: named(flow).flow, expected_revision: None, reason: "test".to_owned() }
}

macro_rules! both_stores {
    ($name:ident) => {
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn memory() {
                super::$name(World::with_queues(Kind::Memory, 4, Scope::All, one_at_a_time()))
                    .await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$name(World::with_queues(Kind::Sqlite, 4, Scope::All, one_at_a_time()))
                    .await;
            }
        }
    };
}

both_stores!(owners_take_turns_after_the_highest_priority);
async fn owners_take_turns_after_the_highest_priority(world: World) {
    let held = world.run(HELD).await;
    filled(&world.api, 1, 0).await;
    let mut flows = Vec::new();
    for (name, owner, priority) in
        [("a1", "a", 0), ("a2", "a", 0), ("a3", "a", 0), ("b1", "b", 0), ("a0", "a", 9)]
    {
        flows.push(run_for(&world, owner, &marks(name, priority)).await);
    }
    let beside = world.run("steps:\n  - { id: a, run: 'echo beside >> marks' }\n").await;
    world.succeeded(&beside).await;
    let shown = filled(&world.api, 1, 5).await;
    let line: Vec<String> =
        words(&shown).into_iter().map(|(owner, why)| owner + ":" + &why).collect();
    let held_by = |owner: &str| format!("{owner}:concurrency");
    assert_eq!(line, ["a", "a", "b", "a", "a"].map(held_by));
    let why = world.call::<FlowWhy>(named(&flows[3])).await.unwrap();
    assert!(why.summary.ends_with("2 are before it: 1 of 1 run"), "{}", why.summary);
    world.touch("go");
    world.succeeded(&held).await;
    for flow in &flows {
        world.succeeded(flow).await;
    }
    assert_eq!(world.lines("marks"), ["beside", "a0", "a1", "b1", "a2", "a3"]);
    world.at_rest().await;
}

both_stores!(a_paused_flow_is_told_of_and_comes_back);
async fn a_paused_flow_is_told_of_and_comes_back(world: World) {
    let held = world.run(HELD).await;
    filled(&world.api, 1, 0).await;
    let paused = world.run(&marks("paused", 0)).await;
    world.call::<FlowPause>(pause(&paused)).await.unwrap();
    let gone = world.run(&marks("gone", 0)).await;
    let cancel = FlowCancelRequest {
        flow: named(&gone).flow,
        expected_revision: None,
        reason: "test".to_owned(),
        wait_ms: 0,
    };
    world.call::<FlowCancel>(cancel).await.unwrap();
    world.ended(&gone).await;
    assert_eq!(world.engine.usage().queued, 1, "what is cancelled leaves the line at once");
    world.touch("go");
    world.succeeded(&held).await;
    until("nobody is in line", || world.engine.usage().queued == 0).await;
    let shown = queue(&world.api).await;
    assert_eq!((shown.running.len(), shown.held.as_deref()), (0, Some("paused")));
    world.call::<FlowUnpause>(pause(&paused)).await.unwrap();
    world.succeeded(&paused).await;
    assert_eq!(world.lines("marks"), ["paused"]);
    world.at_rest().await;
}

both_stores!(what_runs_keeps_its_place_over_a_restart);
async fn what_runs_keeps_its_place_over_a_restart(mut world: World) {
    let held = world.run(HELD).await;
    filled(&world.api, 1, 0).await;
    let next = world.run(&marks("next", 0)).await;
    filled(&world.api, 1, 1).await;
    world.restart(Scope::All);
    until("the other is in line again", || world.engine.usage().queued == 1).await;
    filled(&world.api, 1, 1).await;
    assert!(world.lines("marks").is_empty());
    world.touch("go");
    world.succeeded(&held).await;
    world.succeeded(&next).await;
    world.at_rest().await;
}

both_stores!(an_owner_sees_its_own_only_and_an_unknown_queue_is_refused);
async fn an_owner_sees_its_own_only_and_an_unknown_queue_is_refused(world: World) {
    let held = run_for(&world, "a", HELD).await;
    filled(&world.api, 1, 0).await;
    let other = run_for(&world, "b", &marks("b", 0)).await;
    filled(&world.api, 1, 1).await;
    let bind = |key: &str| {
        let session = Session { session_key: key.to_owned(), requester_origin: None };
        world.api.bind_session(session).unwrap()
    };
    let a = queue(&bind("a")).await;
    assert_eq!((a.running.len(), a.waiting, a.held), (1, 0, None));
    let b = queue(&bind("b")).await;
    assert_eq!((b.running.len(), b.waiting, b.held.as_deref()), (0, 1, Some("concurrency")));
    let request = world.request("steps:\n  - { id: a, queue: p, run: x }\n");
    let error = world.call::<FlowRun>(request).await.unwrap_err();
    assert_eq!(error.code, "bad_file");
    assert!(error.message.contains("no queue `p` is configured"), "{error:?}");
    let request = QueueListRequest { queue: Some("p".to_owned()), limit: None };
    let error = world.call::<QueueList>(request).await.unwrap_err();
    assert_eq!(error.code, "not_found");
    world.touch("go");
    world.succeeded(&held).await;
    world.succeeded(&other).await;
    world.at_rest().await;
}

both_stores!(a_claim_that_the_store_refuses_for_a_while_keeps_its_place);
async fn a_claim_that_the_store_refuses_for_a_while_keeps_its_place(world: World) {
    let held = world.run(HELD).await;
    filled(&world.api, 1, 0).await;
    let flows = [world.run(&marks("1", 0)).await, world.run(&marks("2", 0)).await];
    until("two are in line", || world.engine.usage().queued == 2).await;
    world.store.fail(6);
    world.touch("go");
    world.succeeded(&held).await;
    for flow in &flows {
        world.succeeded(flow).await;
    }
    assert_eq!(world.lines("marks"), ["1", "2"]);
    world.at_rest().await;
}
