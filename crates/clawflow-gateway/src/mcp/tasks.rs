//! The methods about tasks, in both dialects.

use super::asker::Asker;
use super::digest::asks;
use super::door::{Need, Room};
use super::flow_answer::give;
use super::limits::PAGE;
use super::message::{Fault, MISSING_CAPABILITY};
use super::task::{RELATED, Task, id};
use super::{ask, client};
use clawflow_core::json::Object;
use clawflow_core::token::Access;
use clawflow_core::wait::{Wait, WaitState};
use clawflow_engine::api::{
    ApiError, Calls, FlowCancel, FlowCancelRequest, FlowList, FlowListRequest, FlowRef, FlowShow,
    FlowWait, FlowWaitRequest,
};
use serde_json::{Value, json};
use std::time::Duration;

/// How long one look for the end of a task waits, in milliseconds.
const LOOK_MS: u64 = 20_000;
/// How often in a row the home may be lost while somebody waits for a task: a restart of the
/// gateway is a few.
const LOSSES_MAX: u32 = 40;
/// Pause after each.
const PAUSE: Duration = Duration::from_millis(250);
/// What the ids of questions to a client begin with; a flow and a wait follow.
const QUESTION: &str = "answer/";

/// `tasks/get`
pub(super) async fn get(asker: &Asker, params: &Object) -> Result<Value, Fault> {
    declared(asker)?;
    let task = Task::load(asker, id(params)?).await?;
    let mut object = task.object(&asker.client);
    if !asker.client.modern {
        // Some clients ask for the result only when there is one, and wait here for the question.
        put_questions(asker, &task).await;
    } else {
        match task.status(&asker.client) {
            "completed" => object.insert("result".to_owned(), finished(&task)),
            "input_required" => object.insert("inputRequests".to_owned(), task.requests().into()),
            _ => None,
        };
    }
    Ok(Value::Object(object))
}

/// A result within a task is one of its own.
fn finished(task: &Task) -> Value {
    let mut result = task.result();
    result["resultType"] = "complete".into();
    result
}

/// `tasks/list`, in 2025-11-25 only.
pub(super) async fn list(asker: &Asker, params: &Object) -> Result<Value, Fault> {
    let after = cursor(params)?;
    let room = asker.enter(Need::Records).await?;
    let listed = page(asker, &room, after).await;
    room.close().await;
    listed
}

async fn page(asker: &Asker, room: &Room, after: Option<String>) -> Result<Value, Fault> {
    let request =
        FlowListRequest { all: true, limit: Some(PAGE), after, ..FlowListRequest::default() };
    let page = Calls::call::<FlowList>(&room.backend, request).await;
    let page = page.map_err(|error| Fault::params(error.message))?;
    let mut tasks = Vec::new();
    for line in page.flows {
        // One that was deleted meanwhile is none.
        if let Ok(task) = Task::look(room, line.flow.flow_id.as_str()).await {
            tasks.push(task.object(&asker.client));
        }
    }
    let mut all = json!({ "tasks": tasks });
    if let Some(next) = page.next {
        all["nextCursor"] = next.into();
    }
    Ok(all)
}

/// The `cursor` of a request for a page.
pub(super) fn cursor(params: &Object) -> Result<Option<String>, Fault> {
    match params.get("cursor") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(cursor)) => Ok(Some(cursor.clone())),
        Some(_) => Err(Fault::params("`cursor` is no string")),
    }
}

/// `tasks/cancel`
pub(super) async fn cancel(asker: &Asker, params: &Object) -> Result<Value, Fault> {
    declared(asker)?;
    asker.may(Access::Operate)?;
    let id = id(params)?;
    let task = Task::load(asker, id).await?;
    let modern = asker.client.modern;
    if task.is_over(&asker.client) {
        return match modern {
            true => Ok(json!({})),
            false => Err(Fault::params("the task has ended already")),
        };
    }
    let request = FlowCancelRequest {
        flow: id.to_owned(),
        reason: "cancelled as a task by its client".to_owned(),
        ..FlowCancelRequest::default()
    };
    match asker.call::<FlowCancel>(Need::Records, request).await {
        Ok(_) => {}
        Err(error) if error.code == "terminal" && modern => {}
        Err(error) => return Err(error.into()),
    }
    match modern {
        true => Ok(json!({})),
        false => Ok(Task::load(asker, id).await?.object(&asker.client).into()),
    }
}

/// `tasks/update`, in the extension only: answers to questions. Those that are not open any more,
/// and those that a form does not answer, are left out; the next look tells what is still open.
pub(super) async fn update(asker: &Asker, params: &Object) -> Result<Value, Fault> {
    declared(asker)?;
    asker.may(Access::Operate)?;
    let task = Task::load(asker, id(params)?).await?;
    let Some(responses) = params.get("inputResponses").and_then(Value::as_object) else {
        return Err(Fault::params("`inputResponses` is missing or no JSON object"));
    };
    for wait in asks(&task.view) {
        let Some(response) = responses.get(wait.wait_id.0.as_str()) else { continue };
        answer(asker, wait, response).await?;
    }
    Ok(json!({}))
}

/// Gives the answer of a form. That somebody else was first, or that the client may not, is told
/// by the question: it stays, or it is gone.
async fn answer(asker: &Asker, wait: &Wait, response: &Value) -> Result<(), Fault> {
    let Some(request) = ask::answer(wait, response, asker.door.name()) else { return Ok(()) };
    match give(asker, request).await {
        Ok(_) => Ok(()),
        Err(error) if is_passing(&error) => Err(error.into()),
        Err(error) => {
            tracing::debug!(%error, "an answer by way of a task was refused");
            Ok(())
        }
    }
}

fn is_passing(error: &ApiError) -> bool {
    ["unavailable", "persist_failed", "store_full", "internal"].contains(&error.code.as_str())
}

/// `tasks/result`, in 2025-11-25 only: waits for the end. Meanwhile the client is asked what the
/// flow asks, once for each question, if it can be.
pub(super) async fn result(asker: &Asker, params: &Object) -> Result<Value, Fault> {
    let id = id(params)?;
    let mut losses = 0;
    // The first look tells what is wrong with the request; later ones outlive a restart.
    let mut task = Task::load(asker, id).await?;
    while !task.is_over(&asker.client) {
        put_questions(asker, &task).await;
        match wait(asker, id, task.view.last_event).await {
            Ok(()) => losses = 0,
            Err(error) if error.code == "unavailable" && losses < LOSSES_MAX => {
                losses += 1;
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        task = match Task::load(asker, id).await {
            Ok(task) => task,
            Err(_) if losses < LOSSES_MAX => {
                losses += 1;
                tokio::time::sleep(PAUSE).await;
                task
            }
            Err(fault) => return Err(fault),
        };
    }
    let mut result = task.result();
    result["_meta"] = json!({ RELATED: { "taskId": id } });
    Ok(result)
}

async fn wait(asker: &Asker, flow: &str, after_event: u64) -> Result<(), ApiError> {
    let room = asker.enter(Need::Records).await?;
    if room.alone {
        // Nothing changes while this process holds the home: look, and let go.
        room.close().await;
        tokio::time::sleep(PAUSE).await;
        return Ok(());
    }
    let request = FlowWaitRequest {
        flow: flow.to_owned(),
        after_event,
        timeout_ms: LOOK_MS,
        until_ended: false,
        until_rest: false,
    };
    let waited = Calls::call::<FlowWait>(&room.backend, request).await;
    room.close().await;
    waited.map(|_| ())
}

/// Asks the client what the flow asks, once, if it can be asked.
async fn put_questions(asker: &Asker, task: &Task) {
    let Some(say) = asker.say.as_ref().filter(|_| asker.client.elicits) else { return };
    let of = task.view.flow.flow_id.as_str();
    for wait in asks(&task.view) {
        if !asker.asked.is_new(&wait.wait_id.0) {
            continue;
        }
        let mut request = ask::request(wait);
        request["jsonrpc"] = "2.0".into();
        request["id"] = format!("{QUESTION}{}/{}", wait.flow_id, wait.wait_id.0).into();
        request["params"]["_meta"] = json!({ RELATED: { "taskId": of } });
        // A client that is gone is not asked.
        let _ = say.send(request).await;
    }
}

/// What a client answers to a question: its id says which one it was.
pub(crate) async fn answered(asker: &Asker, id: &Value, result: &Value) {
    let named = id.as_str().and_then(|id| id.strip_prefix(QUESTION)?.split_once('/'));
    let Some((flow, wait_id)) = named.filter(|_| asker.may(Access::Operate).is_ok()) else {
        return;
    };
    let request = FlowRef { flow: flow.to_owned() };
    let Ok(view) = asker.call::<FlowShow>(Need::Records, request).await else { return };
    let open = |wait: &&Wait| wait.state == WaitState::Open && wait.wait_id.0 == wait_id;
    if let Some(wait) = view.waits.iter().find(open)
        && let Err(fault) = answer(asker, wait, result).await
    {
        tracing::warn!("an answer was lost: {}", fault.message);
    }
}

/// Refuses a client of the extension that did not say that it knows it.
fn declared(asker: &Asker) -> Result<(), Fault> {
    if !asker.client.modern || asker.client.tasks {
        return Ok(());
    }
    let needed = json!({ "requiredCapabilities": { "extensions": { client::TASKS: {} } } });
    Err(Fault::new(MISSING_CAPABILITY, "this needs the extension for tasks").data(needed))
}
