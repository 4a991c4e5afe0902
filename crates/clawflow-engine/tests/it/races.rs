//! Controllers that race on one flow.

use crate::ask::{ME, bound, create, get};
use crate::world::{Kind, World};
use clawflow_engine::api::{FlowResumeRequest, FlowSetWaitingRequest, Session, TaskFlow};
use serde_json::json;

const EACH: u64 = 1000;

/// Two controllers, each makes its changes on the revision that it has read, and reads again after
/// a conflict: no change is lost and none is made twice.
async fn race(kind: Kind) {
    let world = World::new(kind, 1);
    let me = bound(&world, ME);
    let flow = create(&me).await;
    let mut controllers = tokio::task::JoinSet::new();
    for name in ["left", "right"] {
        let session = Session { session_key: ME.to_owned(), requester_origin: None };
        let flows = TaskFlow::bind_session(&world.api, session).unwrap();
        let id = flow.flow_id.0.clone();
        controllers.spawn(async move {
            for _ in 0..EACH {
                flows.retrying(&id, |now| step(flows.clone(), now, name)).await.unwrap();
            }
        });
    }
    while let Some(done) = controllers.join_next().await {
        done.unwrap();
    }
    let now = get(&me, &flow).await;
    assert_eq!(now.revision, 2 * EACH, "each applied change is one revision");
    let state = now.state_json.unwrap();
    assert_eq!((&state["left"], &state["right"]), (&json!(EACH), &json!(EACH)));
    world.at_rest().await;
}

/// Parks a running flow or goes on with a parked one, and counts that in the state.
async fn step(
    flows: TaskFlow<clawflow_engine::api::Api>,
    now: clawflow_core::flow::Flow,
    name: &str,
) -> Result<(), clawflow_engine::api::ApiError> {
    let mut state = now.state_json.clone().unwrap_or_else(|| json!({}));
    state[name] = json!(state[name].as_u64().unwrap_or(0) + 1);
    let (flow, expected_revision) = (now.flow_id.0, Some(now.revision));
    if now.status == clawflow_core::flow::FlowStatus::Running {
        let park = FlowSetWaitingRequest {
            flow,
            expected_revision,
            state_json: Some(state),
            ..Default::default()
        };
        return flows.set_waiting(park).await.map(|_| ());
    }
    let state_json = Some(state);
    let on = FlowResumeRequest { flow, expected_revision, state_json, ..Default::default() };
    flows.resume(on).await.map(|_| ())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_controllers_lose_no_change_in_memory() {
    race(Kind::Memory).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_controllers_lose_no_change_on_disk() {
    race(Kind::Sqlite).await;
}
