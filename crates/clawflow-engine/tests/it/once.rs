//! Idempotency keys: the first answer, once.

use crate::ask::{ME, OTHER, bound, create, done, refused};
use crate::world::{Kind, World, scenario};
use clawflow_engine::Scope;
use clawflow_engine::api::{
    Api, Call, FlowCreate, FlowEmit, FlowFinish, FlowRun, FlowRunTask, InboxList, SignalSend,
    TaskList, TaskRun,
};
use serde_json::{Value, json};

fn new(key: &str) -> Value {
    let state = json!({ "a": 1, "b": 2 });
    json!({ "controllerId": "test", "goal": "g", "stateJson": state, "idempotencyKey": key })
}

scenario!(the_same_command_is_carried_out_once, 1);
async fn the_same_command_is_carried_out_once(mut world: World) {
    let me = bound(&world, ME);
    let first = done::<FlowCreate>(&me, new("k")).await;
    let mut reordered = new("k");
    reordered["stateJson"] = json!({ "b": 2, "a": 1 });
    assert_eq!(done::<FlowCreate>(&me, reordered).await, first, "the order of keys is nothing");
    let mut other = new("k");
    other["goal"] = json!("another");
    assert_eq!(refused::<FlowCreate>(&me, other).await, "key_conflict");
    let update = json!({ "flow": first.flow_id, "content": "c", "idempotencyKey": "k" });
    assert_eq!(refused::<FlowEmit>(&me, update).await, "key_conflict", "another command");
    assert_eq!(refused::<FlowCreate>(&me, new(" ")).await, "invalid");
    let theirs = done::<FlowCreate>(&bound(&world, OTHER), new("k")).await;
    assert_ne!(theirs.flow_id, first.flow_id, "keys are an owner's");
    // The first answer, whatever became of the flow since.
    done::<FlowFinish>(&me, json!({ "flow": first.flow_id })).await;
    world.restart(Scope::All);
    assert_eq!(done::<FlowCreate>(&bound(&world, ME), new("k")).await, first);
}

scenario!(who_joined_once_gets_the_same_flow_again, 1);
async fn who_joined_once_gets_the_same_flow_again(world: World) {
    let me = bound(&world, ME);
    let live = json!({ "controllerId": "test", "goal": "g", "key": "weekly" });
    let live = done::<FlowCreate>(&me, live).await;
    let mut joins = new("k");
    joins["key"] = json!("weekly");
    joins["join"] = json!(true);
    assert_eq!(done::<FlowCreate>(&me, joins.clone()).await, live);
    done::<FlowFinish>(&me, json!({ "flow": live.flow_id })).await;
    assert_eq!(done::<FlowCreate>(&me, joins).await, live, "the first answer");
}

/// Asks the same many times at once; all answers are the same.
async fn crowd<C: Call>(api: &Api, request: &Value) -> Value {
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (api, request) = (api.clone(), request.clone());
        calls.spawn(async move { serde_json::to_value(done::<C>(&api, request).await).unwrap() });
    }
    let answers = calls.join_all().await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    answers[0].clone()
}

scenario!(duplicates_at_once_are_one, 2);
async fn duplicates_at_once_are_one(world: World) {
    let me = bound(&world, ME);
    let mut keyed = new("create");
    keyed["key"] = json!("weekly");
    let flow = crowd::<FlowCreate>(&me, &keyed).await["flowId"].clone();
    let mut run =
        serde_json::to_value(world.request("steps:\n  - { id: a, run: 'echo a >> ran' }\n"))
            .unwrap();
    run["idempotencyKey"] = json!("run");
    let file = crowd::<FlowRun>(&me, &run).await;
    let task = json!({
        "argv": ["sh", "-c", "echo task >> ran-too"], "cwd": world.path(), "idempotencyKey": "task",
        "env": { "PATH": "/usr/bin:/bin" },
    });
    let task = crowd::<TaskRun>(&me, &task).await;
    let child = json!({ "flow": flow, "runtime": "acp", "task": "t", "idempotencyKey": "child" });
    let child = crowd::<FlowRunTask>(&me, &child).await;
    assert_eq!(child["created"], true);
    let update = json!({ "flow": flow, "content": "c", "idempotencyKey": "emit" });
    let sent = crowd::<FlowEmit>(&me, &update).await;
    let signal = json!({ "name": "go", "idempotencyKey": "signal" });
    assert_eq!(crowd::<SignalSend>(&me, &signal).await["kept"], true);
    assert_eq!(world.engine.store().count_signals(ME).unwrap(), 1);

    let file: clawflow_core::flow::Flow = serde_json::from_value(file).unwrap();
    world.succeeded(&file).await;
    assert_eq!(world.lines("ran"), ["a"]);
    let of_flow = done::<TaskList>(&me, json!({ "flow": flow })).await.tasks;
    assert_eq!(of_flow.len(), 1);
    let inbox = done::<InboxList>(&me, json!({})).await.deliveries;
    let updates = inbox.iter().filter(|row| row.kind == "flow.update").count();
    assert_eq!((updates, sent["deliveryIds"].as_array().unwrap().len()), (1, 1));
    let task: clawflow_core::task::Task = serde_json::from_value(task).unwrap();
    crate::world::until("the task has run", || !world.lines("ran-too").is_empty()).await;
    let all = done::<TaskList>(&me, json!({})).await.tasks;
    let same = all.iter().filter(|one| one.parent_flow_id.is_none());
    assert_eq!(same.map(|one| &one.task_id).collect::<Vec<_>>(), [&task.task_id]);
    assert_eq!(world.lines("ran-too"), ["task"]);
    world.at_rest().await;
}

scenario!(a_refusal_is_no_outcome, 1);
async fn a_refusal_is_no_outcome(world: World) {
    let me = bound(&world, ME);
    world.store.fail(1);
    assert_eq!(refused::<FlowCreate>(&me, new("k")).await, "store_full");
    let flow = done::<FlowCreate>(&me, new("k")).await;
    let child =
        json!({ "flow": flow.flow_id, "runtime": "acp", "task": " ", "idempotencyKey": "c" });
    assert!(!done::<FlowRunTask>(&me, child.clone()).await.created);
    let mut better = child;
    better["task"] = json!("t");
    assert!(done::<FlowRunTask>(&me, better).await.created, "the key is still free");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_with_an_event_key_is_sent_once() {
    for kind in [Kind::Memory, Kind::Sqlite] {
        let world = World::new(kind, 1);
        let me = bound(&world, ME);
        let flow = create(&me).await;
        let update =
            |content: &str| json!({ "flow": flow.flow_id, "content": content, "eventKey": "half" });
        let first = done::<FlowEmit>(&me, update("half of it")).await;
        let second = done::<FlowEmit>(&me, update("half of it, again")).await;
        assert_eq!((first.delivery_ids.len(), second.delivery_ids.len()), (1, 0));
        assert_eq!(first.delivery, second.delivery);
        let inbox = done::<InboxList>(&me, json!({})).await.deliveries;
        assert_eq!(inbox.len(), 1);
        assert_eq!(inbox[0].content, "half of it");
        assert_eq!(inbox[0].idempotency_key, format!("flow:{}:update:half", flow.flow_id));
    }
}
