//! `tools/list` and `tools/call`.

use super::asker::Asker;
use super::limits::LIST_TTL_MS;
use super::message::{Fault, METHOD_NOT_FOUND};
use super::tool::Done;
use super::tools::{TOOLS, by_name};
use super::{brief, task};
use clawflow_core::json::Object;
use clawflow_engine::api::ApiError;
use serde_json::{Value, json};

/// `tools/list`: those that the client may call.
pub(super) fn list(asker: &Asker) -> Value {
    let may = TOOLS.iter().filter(|tool| asker.door.access() >= tool.access());
    let tools: Vec<Value> = may.map(|tool| tool.listed(asker.client.modern)).collect();
    json!({ "tools": tools, "ttlMs": LIST_TTL_MS })
}

/// Whether what is asked may be broken off when nobody waits for it any more: it changes nothing.
pub(super) fn only_looks(method: &str, params: &Object) -> bool {
    match method {
        "tools/call" => {
            let name = params.get("name").and_then(Value::as_str).unwrap_or_default();
            by_name(name).is_none_or(super::tool::Tool::only_looks)
        }
        "tasks/cancel" | "tasks/update" => false,
        _ => true,
    }
}

/// `tools/call`
pub(super) async fn call(asker: &Asker, params: Object) -> Result<Value, Fault> {
    let Some(name) = params.get("name").and_then(Value::as_str) else {
        return Err(Fault::params("`name` is missing or no string"));
    };
    let Some(tool) = by_name(name) else {
        let shown = clawflow_core::limits::cut(name, 80);
        return Err(Fault::params(format!("there is no tool {shown}")));
    };
    let mut args = match params.get("arguments") {
        None | Some(Value::Null) => Object::new(),
        Some(Value::Object(args)) => args.clone(),
        Some(_) => return Err(Fault::params("`arguments` is no JSON object")),
    };
    let asked_for_task = !asker.client.modern && params.get("task").is_some();
    if asked_for_task && !tool.tasks {
        return Err(Fault::new(METHOD_NOT_FOUND, format!("{name} does not run as a task")));
    }
    // By the extension the server decides: what waits is waited for by the model, which asked so.
    let as_task = asked_for_task
        || (asker.client.modern && asker.client.tasks && tool.tasks && !tool.only_looks());
    if as_task && tool.only_looks() {
        args.insert("timeoutMs".to_owned(), 0.into());
    }
    let checked = asker.may(tool.access()).and_then(|()| tool.check(&args));
    let done = match checked {
        Ok(()) => (tool.run)(asker, args).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(Done { flow: Some(flow), .. }) if as_task => {
            task::created(asker, flow.flow_id.as_str()).await
        }
        Ok(done) => Ok(result(done.value, false)),
        Err(error) => Ok(refused(&error)),
    }
}

/// A result that a model reads: the same as text and as JSON, since clients show one or the other.
pub(super) fn result(value: Value, is_error: bool) -> Value {
    let text = value.to_string();
    json!({
        "content": [{ "type": "text", "text": text }],
        "structuredContent": value,
        "isError": is_error,
    })
}

/// A hint that names a command of the command line, with the tool that does the same.
fn in_tools(hint: &str) -> &str {
    match hint {
        "clawflow flows list" => "flow_list",
        "clawflow flows why FLOW" => "flow_why",
        "name one with --step" => "name one with `step`",
        other => other,
    }
}

/// An error as a model reads it, with what to do about it.
fn refused(error: &ApiError) -> Value {
    let mut value = json!({ "code": error.code, "message": error.message });
    if let Some(hint) = &error.hint {
        value["hint"] = in_tools(hint).into();
    }
    if let Some(current) = &error.current {
        value["current"] = brief::flow(current);
    }
    if !error.candidates.is_empty() {
        value["candidates"] = json!(error.candidates);
    }
    result(json!({ "error": value }), true)
}
