//! Imported records among live ones: whose they are, who finds them, and who may bring them.

use crate::ask::{ME, OTHER, ask, bound, done, refused};
use crate::world::{World, scenario};
use clawflow_core::import::ImportOutcome;
use clawflow_engine::api::*;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

const ID: &str = "3f2a9c1e-1111-4000-8000-000000000001";
const TASK: &str = "3f2a9c1e-2222-4000-8000-000000000002";

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}

fn flow(id: &str, made_at: u64) -> Value {
    json!({
        "flow_id": id, "owner_key": ME, "controller_id": "inbox", "revision": 3, "goal": "triage",
        "status": "waiting", "notify_policy": "state_changes", "created_at": made_at,
        "updated_at": made_at,
    })
}

fn task(id: &str, made_at: u64) -> Value {
    json!({
        "task_id": id, "owner_key": ME, "runtime": "acp", "scope_kind": "session", "task": "look",
        "status": "succeeded", "delivery_status": "pending", "notify_policy": "done_only",
        "created_at": made_at, "ended_at": made_at, "last_event_at": made_at,
        "parent_flow_id": ID, "flow_created_at": made_at, "flow_status": "waiting",
    })
}

fn outcomes(said: &ImportOpenclawResponse) -> Vec<ImportOutcome> {
    said.records.iter().map(|record| record.outcome).collect()
}

scenario!(only_the_owner_finds_what_was_imported_for_him, 1);
async fn only_the_owner_finds_what_was_imported_for_him(world: World) {
    let (me, other) = (bound(&world, ME), bound(&world, OTHER));
    let at = now() - 5000;
    let rows = json!({ "flows": [flow(ID, at)], "tasks": [task(TASK, at)] });
    assert_eq!(refused::<ImportOpenclaw>(&me, rows.clone()).await, "forbidden");
    let said = done::<ImportOpenclaw>(&world.api, rows).await;
    assert_eq!(outcomes(&said), [ImportOutcome::Taken; 2], "{said:?}");
    let named = json!({ "flow": ID });
    assert_eq!(done::<FlowGet>(&me, named.clone()).await.revision, 3);
    assert_eq!(done::<FlowShow>(&me, named.clone()).await.tasks.len(), 1);
    let token = json!({ "token": ID });
    assert!(done::<FlowResolve>(&me, token.clone()).await.flow.is_some());
    assert_eq!(refused::<FlowGet>(&other, named.clone()).await, "not_found");
    assert_eq!(refused::<FlowShow>(&other, named.clone()).await, "not_found");
    assert_eq!(done::<FlowResolve>(&other, token).await.flow, None);
    assert_eq!(refused::<TaskShow>(&other, json!({ "task": TASK })).await, "not_found");
    let shown = done::<TaskShow>(&me, json!({ "task": TASK })).await;
    assert!(shown.reported && shown.parent_flow_id.is_some(), "{shown:?}");
    // An import owes nothing, whatever the policy says; what happens here from now on is told.
    let inbox = done::<InboxList>(&me, json!({})).await;
    assert!(inbox.deliveries.is_empty(), "{inbox:?}");
    let resume = json!({ "flow": ID, "expectedRevision": 3 });
    assert_eq!(done::<FlowResume>(&me, resume).await.revision, 4);
    assert_eq!(done::<InboxList>(&me, json!({})).await.deliveries.len(), 1);
}

scenario!(a_task_joins_a_flow_that_is_at_work_here, 1);
async fn a_task_joins_a_flow_that_is_at_work_here(world: World) {
    let me = bound(&world, ME);
    let at = now() - 5000;
    done::<ImportOpenclaw>(&world.api, json!({ "flows": [flow(ID, at)] })).await;
    // The flow has a child here, so it is kept in memory.
    let child = json!({ "flow": ID, "runtime": "acp", "task": "go on", "status": "running" });
    let child = done::<FlowRunTask>(&me, child).await.task.unwrap();
    let said = done::<ImportOpenclaw>(&world.api, json!({ "tasks": [task(TASK, at)] })).await;
    assert_eq!(outcomes(&said), [ImportOutcome::Taken], "{said:?}");
    let end = json!({ "task": child.task_id, "status": "succeeded" });
    done::<TaskReport>(&me, end).await;
    let finish = json!({ "flow": ID, "expectedRevision": 3 });
    assert!(done::<FlowFinish>(&me, finish).await.is_terminal());
    let history = done::<FlowEvents>(&me, json!({ "flow": ID })).await;
    let numbers = history.events.iter().map(|stored| stored.event.number);
    assert!(numbers.eq(1..=history.events.len() as u64), "{history:?}");
}

scenario!(a_row_that_the_store_refuses_stops_no_other, 1);
async fn a_row_that_the_store_refuses_stops_no_other(world: World) {
    let at = now() - 5000;
    let rows = json!({ "flows": [flow(ID, at), flow(ID, at), flow("other", at)] });
    let said = done::<ImportOpenclaw>(&world.api, rows).await;
    use ImportOutcome::{LeftOut, Taken};
    assert_eq!(outcomes(&said), [Taken, LeftOut, Taken], "{said:?}");
    let many = json!({ "jobs": vec![json!({}); 501] });
    let error = ask::<ImportOpenclaw>(&world.api, many).await.unwrap_err();
    assert_eq!(error.code, "bad_request", "{error}");
}
