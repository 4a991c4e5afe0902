//! A bound caller and the records of somebody else: as if they were not there.

use crate::ask::{ME, OTHER, ask, bound, create, done, refused};
use crate::world::{World, scenario};
use clawflow_core::flow::{Flow, Origin};
use clawflow_core::task::Task;
use clawflow_engine::api::*;
use serde_json::{Value, json};

/// Every call that names a record, by the fields that name it.
macro_rules! every {
    ($each:ident) => {
        $each! {
            FlowShow { "flow": FLOW }
            FlowWait { "flow": FLOW, "timeoutMs": 1 }
            FlowAdopt { "flow": FLOW }
            FlowCancel { "flow": FLOW }
            FlowAnswer { "flow": FLOW, "approve": true, "by": "x" }
            FlowSettle { "flow": FLOW, "how": "skip", "by": "x" }
            FlowPause { "flow": FLOW }
            FlowUnpause { "flow": FLOW }
            FlowRetry { "flow": FLOW }
            FlowFork { "flow": FLOW, "from": "a" }
            FlowWhy { "flow": FLOW }
            FlowEvents { "flow": FLOW }
            FlowSource { "flow": FLOW }
            FlowPurge { "flow": FLOW }
            FlowGet { "flow": FLOW }
            FlowSummary { "flow": FLOW }
            FlowSetWaiting { "flow": FLOW }
            FlowResume { "flow": FLOW }
            FlowFinish { "flow": FLOW }
            FlowFail { "flow": FLOW }
            FlowRequestCancel { "flow": FLOW }
            FlowSetOutput { "flow": FLOW, "name": "n", "value": 1 }
            FlowAppendOutput { "flow": FLOW, "name": "n", "value": 1 }
            FlowEmit { "flow": FLOW, "content": "c" }
            SignalSend { "name": "n", "flow": FLOW }
            TaskList { "flow": FLOW }
            DeliveryList { "flow": FLOW }
            TaskShow { "task": TASK }
            TaskCancel { "task": TASK }
            TaskLogs { "task": TASK }
            TaskReport { "task": TASK, "status": "succeeded" }
            TaskRerun { "task": TASK }
            TaskWait { "task": TASK }
            TaskPurge { "task": TASK }
            TaskNotify { "task": TASK, "notifyPolicy": "silent" }
            DeliveryList { "task": TASK }
            InboxAck { "ids": [DELIVERY] }
            DeliveryRedeliver { "delivery": DELIVERY }
            DeliveryDismiss { "delivery": DELIVERY }
            DeliveryRedeliver { "delivery": FLOW }
            DeliveryDismiss { "delivery": TASK }
        }
    };
}

/// A flow with a child and a message, of the other session.
struct Theirs {
    flow: Flow,
    task: Task,
    delivery: String,
}

async fn theirs(world: &World) -> Theirs {
    let other = bound(world, OTHER);
    let flow = create(&other).await;
    let child = json!({ "flow": flow.flow_id, "runtime": "acp", "task": "t", "runId": "run-1" });
    let task = done::<FlowRunTask>(&other, child).await.task.unwrap();
    let update = json!({ "flow": flow.flow_id, "content": "c" });
    let delivery = done::<FlowEmit>(&other, update).await.delivery_ids.remove(0);
    Theirs { flow, task, delivery }
}

/// The message with what was asked for taken out of it.
fn anonymous(error: &ApiError, name: &str) -> String {
    error.message.replace(name, "NAME")
}

scenario!(what_is_foreign_is_not_there, 1);
async fn what_is_foreign_is_not_there(world: World) {
    let Theirs { flow, task, delivery } = theirs(&world).await;
    let me = bound(&world, ME);
    let before = world.view(&flow).await;
    let mut named = 0;
    macro_rules! compare {
        ($($call:ident $request:tt)+) => {$(
            let made = json!($request).to_string();
            let fill = |names: [&str; 3]| -> Value {
                let text = made.replace("FLOW", names[0]).replace("TASK", names[1]);
                serde_json::from_str(&text.replace("DELIVERY", names[2])).unwrap()
            };
            let real = fill([&flow.flow_id.0, &task.task_id.0, &delivery]);
            let none = fill(["flow_nobody", "task_nobody", "dlv_nobody"]);
            let foreign = ask::<$call>(&me, real).await.err().expect($call::NAME);
            let missing = ask::<$call>(&me, none).await.err().expect($call::NAME);
            assert_eq!(foreign.code, "not_found", "{}: {foreign:?}", $call::NAME);
            let names = [&flow.flow_id.0, &task.task_id.0, &delivery].map(String::as_str);
            let texts: Vec<String> = names.iter().map(|n| anonymous(&foreign, n)).collect();
            let plain = ["flow_nobody", "task_nobody", "dlv_nobody"];
            let same = plain.iter().map(|n| anonymous(&missing, n)).any(|t| texts.contains(&t));
            assert!(same, "{}: {foreign:?} differs from {missing:?}", $call::NAME);
            assert_eq!((foreign.current, foreign.candidates), (None, Vec::new()));
            assert_eq!(foreign.hint, missing.hint);
            named += 1;
        )+};
    }
    const FLOW: &str = "FLOW";
    const TASK: &str = "TASK";
    const DELIVERY: &str = "DELIVERY";
    every!(compare);
    assert!(named > 30);
    let child = json!({ "flow": flow.flow_id, "runtime": "cli", "task": "t" });
    let foreign = done::<FlowRunTask>(&me, child).await;
    let none = json!({ "flow": "flow_nobody", "runtime": "cli", "task": "t" });
    assert_eq!(foreign, done::<FlowRunTask>(&me, none).await);
    let token = json!({ "token": flow.flow_id });
    assert_eq!(done::<FlowResolve>(&me, token).await.flow, None);
    assert_eq!(done::<FlowFindLatest>(&me, json!({})).await.flow, None);
    assert_eq!(world.view(&flow).await, before, "and nothing was changed");
}

scenario!(lists_have_the_callers_own_records, 1);
async fn lists_have_the_callers_own_records(world: World) {
    let Theirs { flow, task, .. } = theirs(&world).await;
    let me = bound(&world, ME);
    for owner in [json!(null), json!(OTHER)] {
        let all = json!({ "all": true, "owner": owner });
        let flows = done::<FlowList>(&me, all).await;
        assert!(flows.flows.is_empty(), "{flows:?}");
        assert_eq!(flows.counts.values().sum::<u64>(), 0, "not even in numbers");
        let owned = json!({ "owner": owner });
        assert!(done::<TaskList>(&me, owned.clone()).await.tasks.is_empty());
        assert!(done::<InboxList>(&me, owned.clone()).await.deliveries.is_empty());
        assert!(done::<DeliveryList>(&me, owned).await.deliveries.is_empty());
    }
    assert!(done::<FlowEvents>(&me, json!({})).await.events.is_empty());
    let purge = json!({ "status": ["succeeded", "failed"], "endedBefore": i64::MAX });
    let other = bound(&world, OTHER);
    done::<FlowFinish>(&other, json!({ "flow": flow.flow_id })).await;
    assert!(done::<FlowPurge>(&me, purge.clone()).await.flows.is_empty());
    assert!(done::<TaskPurge>(&me, purge).await.tasks.is_empty());
    let mine = done::<TaskList>(&other, json!({})).await.tasks;
    assert_eq!(mine.iter().map(|t| &t.task_id).collect::<Vec<_>>(), [&task.task_id]);
    assert!(!done::<FlowEvents>(&other, json!({})).await.events.is_empty());
    assert_eq!(done::<FlowList>(&world.api, json!({})).await.flows.len(), 1, "an operator");
}

scenario!(a_key_of_two_owners_means_the_own_flow, 1);
async fn a_key_of_two_owners_means_the_own_flow(world: World) {
    let (me, other) = (bound(&world, ME), bound(&world, OTHER));
    let new = json!({ "controllerId": "test", "goal": "g", "key": "weekly" });
    let mine = done::<FlowCreate>(&me, new.clone()).await;
    let theirs = done::<FlowCreate>(&other, new).await;
    let token = json!({ "flow": "weekly" });
    assert_eq!(done::<FlowGet>(&me, token.clone()).await.flow_id, mine.flow_id);
    assert_eq!(done::<FlowShow>(&other, token.clone()).await.flow.flow_id, theirs.flow_id);
    let error = ask::<FlowShow>(&world.api, token).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.candidates.len()), ("ambiguous", 2));
}

scenario!(what_is_made_belongs_to_the_binding, 1);
async fn what_is_made_belongs_to_the_binding(world: World) {
    let origin = Origin { channel: Some("slack".to_owned()), ..Origin::default() };
    let session = Session { session_key: ME.to_owned(), requester_origin: Some(origin.clone()) };
    let me = world.api.bind_session(session).unwrap();
    let mut run =
        serde_json::to_value(world.request("steps:\n  - { id: a, approval: x }\n")).unwrap();
    let flow = done::<FlowRun>(&me, run.clone()).await;
    assert_eq!((flow.owner_key.as_str(), flow.requester_origin), (ME, Some(origin.clone())));
    run["owner"] = json!(OTHER);
    assert_eq!(refused::<FlowRun>(&me, run.clone()).await, "forbidden");
    run["owner"] = json!(ME);
    done::<FlowRun>(&me, run).await;
    let task = json!({ "argv": ["true"], "cwd": "/" });
    let made = done::<TaskRun>(&me, task.clone()).await;
    assert_eq!((made.owner_key.as_str(), made.requester_origin), (ME, Some(origin.clone())));
    let mut foreign = task.clone();
    foreign["owner"] = json!(OTHER);
    assert_eq!(refused::<TaskRun>(&me, foreign).await, "forbidden");
    assert_eq!(refused::<TaskRun>(&world.api, task).await, "invalid", "nobody's");
    assert_eq!(create(&me).await.requester_origin, Some(origin));
}

scenario!(history_says_who, 1);
async fn history_says_who(world: World) {
    let caller = |actor: Option<&str>| Caller {
        owner: Some(ME.to_owned()),
        origin: None,
        actor: actor.map(str::to_owned),
        from: Ancestry::Outside,
    };
    let named = world.api.as_caller(caller(Some("token laptop")));
    let flow = create(&named).await;
    let other = world.api.as_caller(caller(None));
    done::<FlowSetWaiting>(&other, json!({ "flow": flow.flow_id })).await;
    let events = done::<FlowEvents>(&other, json!({ "flow": flow.flow_id })).await.events;
    let who: Vec<_> = events.iter().map(|stored| stored.event.actor.as_deref()).collect();
    assert_eq!(who, [Some("token laptop"), Some(ME)]);
    let last = &events[1].event;
    assert_eq!((&last.data["from"], &last.data["to"]), (&json!("running"), &json!("waiting")));
    assert_eq!((&last.data["revision"], last.owner_key.as_str()), (&json!(1), ME));
}

scenario!(a_bound_admin_makes_tokens_for_its_owner_only, 1);
async fn a_bound_admin_makes_tokens_for_its_owner_only(world: World) {
    let me = bound(&world, ME);
    let all = json!({ "label": "all", "access": "admin" });
    let made = done::<TokenCreate>(&me, all.clone()).await;
    assert_eq!(made.token.owner_key.as_deref(), Some(ME));
    let foreign = json!({ "label": "x", "access": "read", "owner": OTHER });
    assert_eq!(refused::<TokenCreate>(&me, foreign).await, "forbidden");
    let operators = done::<TokenCreate>(&world.api, all).await.token;
    let listed = done::<TokenList>(&me, json!({})).await.tokens;
    assert_eq!(listed, [made.token]);
    let token = json!({ "token": operators.token_id });
    assert_eq!(refused::<TokenRevoke>(&me, token).await, "not_found");
}
