//! Flows as tasks of the protocol. A task's id is the flow's, its state is read from the store
//! whenever somebody asks, and nothing is kept here: a task outlives client, server and machine.
//!
//! Two dialects say the same: the experimental tasks of 2025-11-25, in which the client asks for a
//! task, and the extension of 2026-07-28, in which the server makes one.

use super::asker::Asker;
use super::client::Client;
use super::digest::{self, asks};
use super::door::{Need, Room};
use super::limits::{POLL_MS_MAX, POLL_MS_MIN, POLL_MS_PERSON, POLL_MS_WORKING};
use super::message::{Fault, INVALID_PARAMS};
use super::{ask, brief};
use clawflow_core::flow::FlowStatus;
use clawflow_core::ids::FlowId;
use clawflow_core::json::Object;
use clawflow_engine::api::{
    ApiError, Calls, FlowRef, FlowShow, FlowView, FlowWhy, FlowWhyResponse,
};
use clawflow_engine::clock::now;
use serde_json::{Value, json};

/// Characters of an id after its prefix.
const ID_CHARS: usize = 26;

/// The key under which a message names the task that it belongs to.
pub(super) const RELATED: &str = "io.modelcontextprotocol/related-task";

/// A flow as a task.
pub(super) struct Task {
    pub(super) view: FlowView,
    why: Option<FlowWhyResponse>,
}

impl Task {
    /// The task of this flow.
    ///
    /// # Errors
    /// An unknown id, which is also one of another owner or one that has been deleted.
    pub(super) async fn load(asker: &Asker, id: &str) -> Result<Self, Fault> {
        let room = asker.enter(Need::Records).await?;
        let task = Self::look(&room, id).await;
        room.close().await;
        task
    }

    /// The same in a home that is open.
    pub(super) async fn look(room: &Room, id: &str) -> Result<Self, Fault> {
        let rest = id.strip_prefix(FlowId::PREFIX).unwrap_or_default();
        if rest.len() != ID_CHARS {
            return Err(unknown());
        }
        let request = || FlowRef { flow: id.to_owned() };
        let view = Calls::call::<FlowShow>(&room.backend, request()).await.map_err(not_there)?;
        if view.flow.flow_id.as_str() != id {
            return Err(unknown());
        }
        // Without it the task only says less.
        let why = match view.flow.is_terminal() {
            true => None,
            false => Calls::call::<FlowWhy>(&room.backend, request()).await.ok(),
        };
        Ok(Self { view, why })
    }

    /// Where it stands, in the words of the protocol.
    pub(super) fn status(&self, client: &Client) -> &'static str {
        let flow = &self.view.flow;
        match flow.status {
            FlowStatus::Succeeded => "completed",
            FlowStatus::Cancelled => "cancelled",
            // In the extension only the protocol fails; a tool that failed has completed.
            _ if flow.is_terminal() && client.modern => "completed",
            _ if flow.is_terminal() => "failed",
            // In 2025-11-25 a cancel is seen at once; its intent is on disk and stands.
            _ if flow.cancel_requested_at.is_some() && !client.modern => "cancelled",
            _ if flow.cancel_requested_at.is_some() => "working",
            // Whom the client cannot ask it cannot be told to ask.
            _ if asks(&self.view).next().is_some() && (client.elicits || !client.modern) => {
                "input_required"
            }
            _ => "working",
        }
    }

    /// Whether it is over for this client.
    pub(super) fn is_over(&self, client: &Client) -> bool {
        ["completed", "failed", "cancelled"].contains(&self.status(client))
    }

    /// It as an object, without what came out of it.
    pub(super) fn object(&self, client: &Client) -> Object {
        let flow = &self.view.flow;
        let mut all = Object::new();
        let mut put = |name: &str, value: Value| all.insert(name.to_owned(), value);
        put("taskId", flow.flow_id.as_str().into());
        put("status", self.status(client).into());
        let said = self.why.as_ref().map(|why| why.summary.as_str());
        put("statusMessage", brief::text(said.unwrap_or(flow.status.as_str())).into());
        put("createdAt", brief::time(flow.created_at).into());
        put("lastUpdatedAt", brief::time(flow.updated_at).into());
        let (ttl, poll) = match client.modern {
            true => ("ttlMs", "pollIntervalMs"),
            false => ("ttl", "pollInterval"),
        };
        // It is kept for a time after its end, which nobody knows.
        put(ttl, Value::Null);
        if let Some(ms) = self.poll() {
            put(poll, ms.into());
        }
        all
    }

    /// When it is of use to look again, in milliseconds: at the next moment at which it can move
    /// by itself, or soon where work is done.
    fn poll(&self) -> Option<i64> {
        let view = &self.view;
        if view.flow.is_terminal() {
            return None;
        }
        let wakes = self.why.as_ref().and_then(|why| why.earliest);
        let wakes = wakes.map_or(POLL_MS_MAX, |at| at.saturating_sub(now()));
        let most = match asks(view).next() {
            _ if view.task_summary.active > 0 => POLL_MS_WORKING,
            Some(_) => POLL_MS_PERSON,
            None => POLL_MS_MAX,
        };
        Some(wakes.clamp(POLL_MS_MIN, most))
    }

    /// What the tool that made it would have answered.
    pub(super) fn result(&self) -> Value {
        let digest = digest::of(&self.view, &[], self.why.as_ref());
        let good = self.view.flow.status == FlowStatus::Succeeded;
        super::call::result(digest, !good)
    }

    /// What people are asked, by the ids of the questions.
    pub(super) fn requests(&self) -> Object {
        let asks = asks(&self.view);
        asks.map(|wait| (wait.wait_id.0.clone(), ask::request(wait))).collect()
    }
}

/// The answer to a call that made a task.
pub(super) async fn created(asker: &Asker, id: &str) -> Result<Value, Fault> {
    let task = Task::load(asker, id).await?;
    let object = task.object(&asker.client);
    if asker.client.modern {
        let mut result = object;
        result.insert("resultType".to_owned(), "task".into());
        return Ok(Value::Object(result));
    }
    let said = format!("the flow {id} has begun; flow_wait tells how it goes");
    let meta = json!({ "io.modelcontextprotocol/model-immediate-response": said });
    Ok(json!({ "task": object, "_meta": meta }))
}

/// The id that a request names.
pub(super) fn id(params: &Object) -> Result<&str, Fault> {
    let id = params.get("taskId").and_then(Value::as_str);
    id.ok_or_else(|| Fault::params("`taskId` is missing or no string"))
}

fn unknown() -> Fault {
    Fault::new(INVALID_PARAMS, "there is no such task, or it has expired")
}

/// Whatever keeps a task from being seen looks the same.
fn not_there(error: ApiError) -> Fault {
    match error.code.as_str() {
        "not_found" | "ambiguous" => unknown(),
        _ => error.into(),
    }
}
