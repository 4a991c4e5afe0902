//! `flow_answer`: the answer of a person, as an agent passes it on or a client's form gives it.
//!
//! Who answers is never what the client says: it is the token's name or the session, so that a gate
//! for certain people, or for anybody but the one who asks, is not the agent's to open. An agent
//! that runs in a step of a flow does not answer what that flow, or one above it, asks.

use super::asker::{Asker, request};
use super::brief;
use super::door::{Need, Room};
use super::limits::PARENTS_MAX;
use super::tool::Done;
use clawflow_core::flow::Flow;
use clawflow_core::json::Object;
use clawflow_engine::api::{
    ApiError, Calls, FlowAnswer, FlowAnswerRequest, FlowAnswerResponse, FlowRef, FlowShow,
};

/// Answers.
pub(super) async fn run(asker: &Asker, mut args: Object) -> Result<Done, ApiError> {
    args.insert("by".to_owned(), asker.door.name().into());
    let answered = give(asker, request::<FlowAnswer>(args)?).await?;
    let wait = &answered.wait;
    let mut value = brief::flow(&answered.flow);
    value["applied"] = answered.applied.into();
    value["waitId"] = wait.wait_id.0.as_str().into();
    if let Some(answer) = &wait.answer {
        value["answer"] = brief::value(answer, super::limits::VALUE_BYTES);
    }
    if let Some(by) = &wait.answered_by {
        value["answeredBy"] = brief::text(by).into();
    }
    Ok(value.into())
}

/// Gives an answer, where the client may.
pub(super) async fn give(
    asker: &Asker,
    request: FlowAnswerRequest,
) -> Result<FlowAnswerResponse, ApiError> {
    let room = asker.enter(Need::Records).await?;
    let answered = match not_its_own(asker, &room, &request.flow).await {
        Ok(()) => Calls::call::<FlowAnswer>(&room.backend, request).await,
        Err(error) => Err(error),
    };
    room.close().await;
    answered
}

/// Refuses an answer to a question of the flow that the client works for.
async fn not_its_own(asker: &Asker, room: &Room, asked: &str) -> Result<(), ApiError> {
    let Some(within) = asker.door.within() else { return Ok(()) };
    let asked = get(room, asked).await?.flow_id;
    let mut above = Some(within);
    for _ in 0..PARENTS_MAX {
        let Some(flow) = above else { return Ok(()) };
        if flow == asked.0 {
            let why = "the flow that this agent works for asks somebody else";
            return Err(ApiError::new("forbidden", why).hint("let a person answer it"));
        }
        above = match get(room, &flow).await {
            Ok(flow) => flow.parent_flow_id.map(|parent| parent.0),
            // Of another owner, or gone: what is above it cannot be asked about here either.
            Err(error) if error.code == "not_found" => None,
            Err(error) => return Err(error),
        };
    }
    Ok(())
}

async fn get(room: &Room, flow: &str) -> Result<Flow, ApiError> {
    // By whatever names it for an answer, too: a part of its id does.
    let request = FlowRef { flow: flow.to_owned() };
    Ok(Calls::call::<FlowShow>(&room.backend, request).await?.flow)
}
