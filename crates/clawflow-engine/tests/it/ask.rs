//! Calls with requests in JSON, as a wire has them, on behalf of a session.

use crate::world::World;
use clawflow_core::flow::Flow;
use clawflow_engine::api::{Api, ApiError, Call, FlowCreate, FlowGet, Session};
use serde_json::{Value, json};

pub(crate) const ME: &str = "agent:main:main";
pub(crate) const OTHER: &str = "agent:other:main";

/// The calls on behalf of this session.
pub(crate) fn bound(world: &World, owner: &str) -> Api {
    let session = Session { session_key: owner.to_owned(), requester_origin: None };
    world.api.bind_session(session).unwrap()
}

/// Asks, with the same checks of the fields as a wire makes.
pub(crate) async fn ask<C: Call>(api: &Api, request: Value) -> Result<C::Response, ApiError> {
    C::run(api, serde_json::from_value(request).unwrap()).await
}

/// As [`ask`], where it must succeed.
pub(crate) async fn done<C: Call>(api: &Api, request: Value) -> C::Response {
    match ask::<C>(api, request.clone()).await {
        Ok(answer) => answer,
        Err(error) => panic!("{} {request}: {error:?}", C::NAME),
    }
}

/// The code of the refusal.
pub(crate) async fn refused<C: Call>(api: &Api, request: Value) -> String {
    match ask::<C>(api, request.clone()).await {
        Ok(answer) => {
            let answer = serde_json::to_string(&answer).unwrap();
            panic!("{} {request} was not refused: {answer}", C::NAME)
        }
        Err(error) => error.code,
    }
}

/// A new flow of the session, running.
pub(crate) async fn create(api: &Api) -> Flow {
    let new = json!({ "controllerId": "test", "goal": "to be tested", "status": "running" });
    done::<FlowCreate>(api, new).await
}

/// The flow as it is now.
pub(crate) async fn get(api: &Api, flow: &Flow) -> Flow {
    done::<FlowGet>(api, json!({ "flow": flow.flow_id })).await
}
