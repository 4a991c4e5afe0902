//! Every row over a real socket, with the types of the engine.

use crate::support::{gate_flow, serve};
use clawflow_engine::Scope;
use clawflow_engine::api::{
    AgentSpawn, ApiError, AuditRun, Call, DeliveryDismiss, DeliveryList, DeliveryRedeliver,
    FlowAdopt, FlowAnswer, FlowAppendOutput, FlowBudget, FlowCancel, FlowCreate, FlowEmit,
    FlowEvents, FlowFail, FlowFindLatest, FlowFinish, FlowFork, FlowGet, FlowList, FlowPause,
    FlowPurge, FlowRequestCancel, FlowResolve, FlowResume, FlowRetry, FlowRun, FlowRunTask,
    FlowSetOutput, FlowSetWaiting, FlowSettle, FlowShow, FlowSource, FlowSummary, FlowUnpause,
    FlowWait, FlowWhy, ImportOpenclaw, InboxAck, InboxList, MaintenanceSweep, QueueList,
    ScheduleAdd, ScheduleDisable, ScheduleEdit, ScheduleEnable, ScheduleList, ScheduleNext,
    ScheduleRemove, ScheduleRunNow, ScheduleRuns, ScheduleShow, ScheduleStatus, SignalSend,
    TaskCancel, TaskList, TaskLogs, TaskNotify, TaskPurge, TaskRecord, TaskReport, TaskRerun,
    TaskRun, TaskShow, TaskWait, TaskWhy, TokenCreate, TokenList, TokenRevoke,
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
    code(&mut caller).await;
    tokens(&mut caller).await;
    schedules(&mut caller).await;
    let queues = caller.call::<QueueList>(json!({ "limit": 3 })).await.unwrap();
    assert!(queues.queues.is_empty() && queues.max_tasks > 0);

    let rows = json!({ "flows": [{ "flow_id": 7 }], "tasks": [{}], "dryRun": true });
    let said = caller.call::<ImportOpenclaw>(rows).await.unwrap();
    assert_eq!(said.records[0].reason.as_deref(), Some("`flow_id` is no text"));
    assert_eq!(said.records[1].reason.as_deref(), Some("`task_id` is blank"));
    let many = json!({ "jobs": vec![json!({}); 501] });
    let error = caller.call::<ImportOpenclaw>(many).await.unwrap_err();
    assert_eq!(error.code, "bad_request", "{error}");

    let asked = json!({ "severity": "error", "code": ["lost", "in_doubt"], "limit": 3 });
    assert_eq!(caller.call::<AuditRun>(asked).await.unwrap().matching.total, 0);

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
    let budget = json!({ "flow": key, "budget": { "tokens": 5 }, "by": "ann" });
    let held = caller.call::<FlowBudget>(budget).await.unwrap();
    assert_eq!(held.budget.unwrap().tokens, Some(5));
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
    let fork = json!({ "flow": other.flow_id.0, "from": "ask", "key": "fork" });
    caller.call::<FlowFork>(fork).await.unwrap();
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
    let new = json!({
        "task": "backup", "owner": "agent:test:main", "kind": "wrap", "startedAt": 5,
        "status": "failed", "exit": { "code": 3 }, "endedAt": 7,
        "process": { "pid": 1, "startTime": 1, "bootId": "b", "place": "p" },
    });
    let told = caller.call::<TaskRecord>(new).await.unwrap();
    assert_eq!((told.created_at, told.ended_at, told.reported), (5, Some(7), true));
    let bad = json!({ "task": "t", "owner": "o", "taskId": "task_short" });
    assert_eq!(caller.call::<TaskRecord>(bad).await.unwrap_err().code, "invalid");
    assert_eq!(caller.call::<TaskWhy>(token.clone()).await.unwrap().task.task_id, task.task_id);
    let wait = json!({ "task": told.task_id.0, "timeoutMs": 60_000 });
    assert_eq!(caller.call::<TaskWait>(wait).await.unwrap(), told);
    let sweep = json!({ "retention": { "failedMs": 0, "lostMs": 5 } });
    let swept = caller.call::<MaintenanceSweep>(sweep).await.unwrap();
    assert_eq!(swept.pruned.tasks, 1, "{told:?}");
    let purge = json!({ "runtime": ["external"], "status": ["failed"], "endedBefore": 8 });
    let purged = caller.call::<TaskPurge>(purge).await.unwrap();
    assert_eq!(purged.tasks, [told.task_id.0]);
    let cancel = json!({ "task": id, "reason": "test" });
    match caller.call::<TaskCancel>(cancel).await {
        Ok(task) => assert_eq!(task.task_id.0, id),
        // It was started, and failed for want of a shim.
        Err(error) => assert_eq!(error.code, "terminal", "{error}"),
    }
}

/// Without a binding and without such a flow: refused by the engine, not by the wire.
async fn code(caller: &mut Caller) {
    let new = json!({ "controllerId": "test", "goal": "g" });
    let error = caller.call::<FlowCreate>(new).await.unwrap_err();
    assert_eq!(error.code, "invalid", "{error}");
    assert_eq!(caller.call::<FlowFindLatest>(json!({})).await.unwrap_err().code, "invalid");
    let token = json!({ "token": "x" });
    assert_eq!(caller.call::<FlowResolve>(token).await.unwrap_err().code, "invalid");
    let child = json!({ "flow": "none", "runtime": "cli", "task": "t" });
    let child = caller.call::<FlowRunTask>(child).await.unwrap();
    assert_eq!((child.created, child.found), (false, false));
    let signal = json!({ "name": "go", "payload": { "a": [1] } });
    assert_eq!(caller.call::<SignalSend>(signal).await.unwrap_err().code, "invalid");
    assert!(
        caller.call::<InboxList>(json!({ "owner": "nobody" })).await.unwrap().deliveries.is_empty()
    );
    assert!(
        caller
            .call::<DeliveryList>(json!({ "owner": "nobody" }))
            .await
            .unwrap()
            .deliveries
            .is_empty()
    );
    let ids = json!({ "ids": ["dlv_none"] });
    assert_eq!(caller.call::<InboxAck>(ids).await.unwrap_err().code, "not_found");
    macro_rules! missing {
        ($($call:ident $request:tt)+) => {$(
            let error = caller.call::<$call>(json!($request)).await.unwrap_err();
            assert_eq!(error.code, "not_found", "{}: {error}", $call::NAME);
        )+};
    }
    missing! {
        FlowGet { "flow": "none" }
        FlowSummary { "flow": "none" }
        FlowSetWaiting { "flow": "none", "waitFor": { "kind": "timer", "afterMs": 1 } }
        FlowResume { "flow": "none", "currentStep": null }
        FlowFinish { "flow": "none", "stateJson": null }
        FlowFail { "flow": "none", "error": "e" }
        FlowRequestCancel { "flow": "none" }
        FlowSetOutput { "flow": "none", "name": "n", "value": 1 }
        FlowAppendOutput { "flow": "none", "name": "n", "value": 1 }
        FlowEmit { "flow": "none", "content": "c" }
        AgentSpawn { "agent": "none", "prompt": "p", "owner": "agent:test:main" }
        TaskReport { "task": "none", "status": "succeeded" }
        TaskRerun { "task": "none" }
        TaskWait { "task": "none" }
        TaskNotify { "task": "none", "notifyPolicy": "silent" }
        DeliveryRedeliver { "delivery": "dlv_none" }
        DeliveryDismiss { "delivery": "dlv_none" }
    }
}

async fn schedules(caller: &mut Caller) {
    let spec = json!({ "kind": "cron", "expr": "0 9 * * *", "tz": "Europe/Berlin" });
    let start = json!({ "kind": "message", "content": "good morning" });
    let new = json!({ "name": "greet", "spec": spec, "start": start, "owner": "agent:test:main" });
    let made = caller.call::<ScheduleAdd>(new.clone()).await.unwrap();
    assert!(made.enabled && made.next_slot == made.next_at);
    let taken = caller.call::<ScheduleAdd>(new).await.unwrap_err();
    assert_eq!(taken.code, "key_conflict");
    let token = json!({ "schedule": "greet" });
    let list = caller.call::<ScheduleList>(json!({ "enabled": true, "limit": 5 })).await.unwrap();
    assert_eq!((list.schedules.len(), list.total), (1, 1));
    let status = caller.call::<ScheduleStatus>(json!({})).await.unwrap();
    assert_eq!((status.fires, status.enabled, status.next_at), (false, 1, made.next_at));
    let next = caller.call::<ScheduleNext>(json!({ "schedule": "greet", "count": 3 })).await;
    assert_eq!(next.unwrap().slots.len(), 3);
    let run = caller.call::<ScheduleRunNow>(token.clone()).await.unwrap();
    assert_eq!(run.status.as_str(), "succeeded");
    let runs = caller.call::<ScheduleRuns>(json!({ "schedule": "greet", "status": ["succeeded"] }));
    assert_eq!(runs.await.unwrap().runs, [run]);
    let edit = json!({ "schedule": "greet", "name": "hello", "policies": { "retries": 2 } });
    let edited = caller.call::<ScheduleEdit>(edit).await.unwrap();
    assert_eq!((edited.name.as_str(), edited.policies.retries), ("hello", 2));
    let stale = json!({ "schedule": "hello", "expectedVersion": 0, "name": "x" });
    let refused = caller.call::<ScheduleEdit>(stale).await.unwrap_err();
    assert_eq!(refused.code, "invalid_state");
    let token = json!({ "schedule": "hello" });
    assert!(!caller.call::<ScheduleDisable>(token.clone()).await.unwrap().enabled);
    assert!(caller.call::<ScheduleEnable>(token.clone()).await.unwrap().enabled);
    assert!(caller.call::<ScheduleShow>(token.clone()).await.unwrap().open.is_empty());
    caller.call::<ScheduleRemove>(token.clone()).await.unwrap();
    assert_eq!(caller.call::<ScheduleShow>(token).await.unwrap_err().code, "not_found");
}

async fn tokens(caller: &mut Caller) {
    let new = json!({ "label": "laptop", "access": "read" });
    let made = caller.call::<TokenCreate>(new).await.unwrap();
    let id = made.token.token_id.0;
    assert!(made.secret.len() > 40 && made.token.hash.is_empty());
    let listed = caller.call::<TokenList>(json!({})).await.unwrap();
    assert_eq!(listed.tokens.len(), 1);
    let revoked = caller.call::<TokenRevoke>(json!({ "token": id })).await.unwrap();
    assert!(revoked.revoked_at.is_some());
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
