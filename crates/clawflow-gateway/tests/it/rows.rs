//! Every row over a real socket, with the types of the engine.

use crate::support::{gate_flow, serve};
use clawflow_engine::Scope;
use clawflow_engine::api::{
    ApiError, Call, FlowAdopt, FlowAnswer, FlowCancel, FlowEvents, FlowList, FlowPause, FlowPurge,
    FlowRetry, FlowRun, FlowSettle, FlowShow, FlowSource, FlowUnpause, FlowWait, FlowWhy,
    TaskCancel, TaskList, TaskLogs, TaskRun, TaskShow,
};
use clawflow_gateway::{Client, ENDPOINTS};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Asks, and notes the names of the calls.
struct Caller {
    client: Client,
    called: BTreeSet<&'static str>,
}

impl Caller {
    async fn call<C: Call>(&mut self, request: Value) -> Result<C::Response, ApiError> {
        self.called.insert(C::NAME);
        let request: C::Request = serde_json::from_value(request).unwrap();
        self.client.call::<C>(&request).await
    }
}

#[tokio::test]
async fn every_row_goes_there_and_back() {
    let served = serve(Scope::Nothing);
    let mut caller = Caller { client: served.client.clone(), called: BTreeSet::new() };
    flows(&mut caller).await;
    ends(&mut caller).await;
    tasks(&mut caller).await;

    let status = served.client.status().await.unwrap();
    assert_eq!((status.pid, status.kind.as_str()), (std::process::id(), "gateway"));
    assert_eq!(status.home, served.home.display().to_string());
    served.client.ping().await.unwrap();
    let stop = served.client.stop().await.unwrap();
    assert_eq!(stop.pid, std::process::id());
    served.server.stop_asked().await;
    served.server.stop().await;

    caller.called.extend(["gateway.status", "gateway.stop"]);
    let rows: BTreeSet<_> = ENDPOINTS.iter().map(|row| row.name).collect();
    assert_eq!(caller.called, rows, "every row is tested here");
}

async fn flows(caller: &mut Caller) {
    // A key that is no plain path segment.
    let key = "näch/t ly?#%2F";
    let flow = caller.call::<FlowRun>(gate_flow(key)).await.unwrap();
    let token = json!({ "flow": key });
    let view = caller.call::<FlowShow>(token.clone()).await.unwrap();
    assert_eq!(view.flow.flow_id, flow.flow_id);
    assert_eq!(view.steps.len(), 1);

    let filter = json!({ "status": ["running", "waiting"], "all": true, "limit": 10 });
    let list = caller.call::<FlowList>(filter).await.unwrap();
    assert_eq!(list.flows.len(), 1, "{list:?}");
    let none = caller.call::<FlowList>(json!({ "owner": "a&b=c d" })).await.unwrap();
    assert!(none.flows.is_empty());

    let wait = json!({ "flow": key, "afterEvent": 0, "timeoutMs": 10 });
    assert!(!caller.call::<FlowWait>(wait).await.unwrap().events.is_empty());
    let events = caller.call::<FlowEvents>(json!({ "flow": key, "limit": 1 })).await.unwrap();
    assert_eq!(events.events.len(), 1);
    caller.call::<FlowWhy>(token.clone()).await.unwrap();
    let source = caller.call::<FlowSource>(token.clone()).await.unwrap();
    assert_eq!(source.file, "gate.flow.yaml");

    let paused = caller.call::<FlowPause>(json!({ "flow": key, "reason": "Ü\n" })).await.unwrap();
    let stale = json!({ "flow": key, "expectedRevision": flow.revision + 1000 });
    let refused = caller.call::<FlowUnpause>(stale).await.unwrap_err();
    assert_eq!(refused.code, "revision_conflict");
    assert_eq!(refused.current.unwrap().revision, paused.revision);
    caller.call::<FlowUnpause>(token.clone()).await.unwrap();
    caller.call::<FlowAdopt>(token.clone()).await.unwrap();
    let settle = json!({ "flow": key, "how": "rerun", "by": "me" });
    let refused = caller.call::<FlowSettle>(settle).await.unwrap_err();
    assert_ne!(refused.code, "bad_request", "{refused}");
}

async fn ends(caller: &mut Caller) {
    let flow = caller.call::<FlowRun>(gate_flow("ends")).await.unwrap();
    let id = flow.flow_id.0.clone();
    let answer = json!({ "flow": id, "approve": true, "by": "ann" });
    match caller.call::<FlowAnswer>(answer).await {
        Ok(answer) => assert!(answer.applied),
        // Nobody drives here, so the gate may not be open yet.
        Err(error) => assert_ne!(error.code, "bad_request", "{error}"),
    }
    let other = caller.call::<FlowRun>(gate_flow("other")).await.unwrap();
    let token = json!({ "flow": other.flow_id.0 });
    let cancel = json!({ "flow": other.flow_id.0, "reason": "test", "waitMs": 1000 });
    caller.call::<FlowCancel>(cancel).await.unwrap();
    let view = caller.call::<FlowShow>(token.clone()).await.unwrap();
    assert!(view.flow.is_terminal(), "{:?}", view.flow.status);
    caller.call::<FlowRetry>(token.clone()).await.unwrap();
    let purged = caller.call::<FlowPurge>(token.clone()).await.unwrap();
    assert_eq!(purged.flows, std::slice::from_ref(&other.flow_id.0));
    let gone = caller.call::<FlowShow>(token).await.unwrap_err();
    assert_eq!(gone.code, "not_found");
    assert!(gone.hint.is_some());
}

async fn tasks(caller: &mut Caller) {
    let run = json!({ "argv": ["true"], "cwd": "/", "owner": "agent:test:main" });
    let task = caller.call::<TaskRun>(run).await.unwrap();
    let id = task.task_id.0.clone();
    let token = json!({ "task": id });
    assert_eq!(caller.call::<TaskShow>(token.clone()).await.unwrap().task_id, task.task_id);
    let list = caller.call::<TaskList>(json!({ "status": [task.status] })).await.unwrap();
    assert_eq!(list.tasks.len(), 1);
    let logs = json!({ "task": id, "stderr": true, "max": 100, "timeoutMs": 1 });
    match caller.call::<TaskLogs>(logs).await {
        Ok(logs) => assert_eq!(logs.text, ""),
        Err(error) => assert_ne!(error.code, "bad_request", "{error}"),
    }
    let cancel = json!({ "task": id, "reason": "test" });
    match caller.call::<TaskCancel>(cancel).await {
        Ok(task) => assert_eq!(task.task_id.0, id),
        // It was started, and failed for want of a shim.
        Err(error) => assert_eq!(error.code, "terminal", "{error}"),
    }
}

#[tokio::test]
async fn clients_at_once_do_not_mix_their_answers() {
    let served = serve(Scope::All);
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..32 {
        // Half of them share one client and its kept connection.
        let client = match number % 2 {
            0 => served.client.clone(),
            _ => Client::new(&served.socket),
        };
        calls.spawn(async move {
            let key = format!("flow-{number}");
            let request = serde_json::from_value(gate_flow(&key)).unwrap();
            let made = client.call::<FlowRun>(&request).await.unwrap();
            let token = serde_json::from_value(json!({ "flow": key })).unwrap();
            let shown = client.call::<FlowShow>(&token).await.unwrap();
            assert_eq!(made.flow_id, shown.flow.flow_id);
        });
    }
    calls.join_all().await;
    let status = served.client.status().await.unwrap();
    assert_eq!(status.flows.values().sum::<u64>(), 32);
}
