//! Records in few words: what a model needs to decide, and where the rest is.

use super::ask::of_person;
use super::limits::{NAMED_BYTES, ROWS_MAX, TEXT_CHARS, VALUE_BYTES};
use clawflow_core::Millis;
use clawflow_core::definition::json_of_stdout;
use clawflow_core::delivery::Delivery;
use clawflow_core::flow::Flow;
use clawflow_core::json::Object;
use clawflow_core::step::{Step, StepResult};
use clawflow_core::task::Task;
use clawflow_core::wait::{Wait, WaitState};
use clawflow_engine::api::{FlowListResponse, FlowView, FlowWhyResponse};
use serde_json::{Value, json};

/// A point in time as people and models write it.
pub(super) fn time(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

/// A text that is not longer than a digest bears.
pub(super) fn text(text: &str) -> String {
    clawflow_core::limits::cut(text, TEXT_CHARS)
}

/// A value, or its beginning as text where it is larger than `bytes`.
pub(super) fn value(value: &Value, bytes: usize) -> Value {
    let whole = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if whole.len() <= bytes {
        return value.clone();
    }
    let mut end = bytes;
    while !whole.is_char_boundary(end) {
        end -= 1;
    }
    json!({ "cut": &whole[..end], "bytes": whole.len() })
}

/// A flow.
pub(super) fn flow(flow: &Flow) -> Value {
    let mut all = Object::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            all.insert(name.to_owned(), value);
        }
    };
    put("flowId", Some(flow.flow_id.as_str().into()));
    put("key", flow.key.as_deref().map(Value::from));
    put("status", Some(flow.status.as_str().into()));
    put("revision", Some(flow.revision.into()));
    put("goal", Some(text(&flow.goal).into()));
    put("currentStep", flow.current_step.as_deref().map(Value::from));
    put("blocked", flow.blocked_summary.as_deref().map(|why| text(why).into()));
    put("cancelRequested", flow.cancel_requested_at.map(|_| true.into()));
    put("paused", flow.paused_at.map(|_| true.into()));
    put("error", flow.error.as_deref().map(|error| text(error).into()));
    put("updatedAt", Some(time(flow.updated_at).into()));
    put("endedAt", flow.ended_at.map(|at| time(at).into()));
    Value::Object(all)
}

/// A flow with what its controller left in it.
pub(super) fn state(of: &Flow) -> Value {
    let mut all = flow(of);
    if let Some(state) = &of.state_json {
        all["stateJson"] = value(state, NAMED_BYTES);
    }
    all
}

/// A flow with steps, open questions and tasks.
pub(super) fn view(view: &FlowView) -> Value {
    let mut all = flow(&view.flow);
    all["cursor"] = super::digest::Cursor::of(view).to_string().into();
    let steps: Vec<Value> = view.steps.iter().take(ROWS_MAX).map(step).collect();
    put_rows(&mut all, "steps", steps, view.steps.len());
    let open: Vec<&Wait> = view.waits.iter().filter(|w| w.state == WaitState::Open).collect();
    let waits: Vec<Value> = open.iter().take(ROWS_MAX).map(|wait| self::wait(wait)).collect();
    put_rows(&mut all, "waits", waits, open.len());
    if !view.flow.is_engine() {
        let tasks: Vec<Value> = view.tasks.iter().rev().take(ROWS_MAX).map(task).collect();
        put_rows(&mut all, "tasks", tasks, view.tasks.len());
    }
    let children = view.children.iter().take(ROWS_MAX).map(|child| {
        json!({ "flowId": child.flow_id, "status": child.status, "goal": text(&child.goal) })
    });
    put_rows(&mut all, "children", children.collect(), view.children.len());
    if !view.flow.outputs.is_empty() {
        let outputs = view.flow.outputs.iter();
        let outputs = outputs.map(|(name, whole)| (name.clone(), value(whole, VALUE_BYTES)));
        all["outputs"] = Value::Object(outputs.collect());
    }
    if let Some(state) = &view.flow.state_json {
        all["stateJson"] = value(state, NAMED_BYTES);
    }
    all
}

fn put_rows(all: &mut Value, name: &str, rows: Vec<Value>, total: usize) {
    if rows.is_empty() {
        return;
    }
    if rows.len() < total {
        all[format!("{name}Total")] = total.into();
    }
    all[name] = rows.into();
}

/// A step with the beginning of what it left.
fn step(step: &Step) -> Value {
    let mut all = json!({ "id": step.step_id, "status": step.status });
    if step.attempt > 1 {
        all["attempt"] = step.attempt.into();
    }
    if let Some(task) = &step.task_id {
        all["taskId"] = task.as_str().into();
    }
    if let Some(error) = &step.error {
        all["error"] = text(&error.message).into();
    }
    if let Some(result) = step.result.as_ref().and_then(result) {
        all["result"] = value(&result, VALUE_BYTES);
    }
    all
}

/// What a step left: JSON, else text.
pub(super) fn result(result: &StepResult) -> Option<Value> {
    let answer = result.response.clone().or_else(|| result.approved.map(Value::from));
    let stdout = result.stdout.as_deref().filter(|text| !text.is_empty());
    let stdout = stdout.map(|text| match json_of_stdout(text) {
        Some(value @ (Value::Object(_) | Value::Array(_))) => value,
        _ => text.into(),
    });
    result.json.clone().or(stdout).or(answer)
}

/// An open wait.
pub(super) fn wait(wait: &Wait) -> Value {
    let mut all = json!({ "waitId": wait.wait_id, "kind": wait.kind });
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            all[name] = value;
        }
    };
    put("step", wait.step_id.as_deref().map(Value::from));
    put("for", wait.target.as_deref().map(Value::from));
    put("key", wait.event_key.as_deref().map(Value::from));
    put("prompt", wait.prompt.as_deref().map(|prompt| text(prompt).into()));
    put("until", wait.due_at.map(|at| time(at).into()));
    if of_person(wait) {
        put("preview", wait.preview.as_deref().map(Value::from));
        put("items", wait.items.as_ref().map(|items| value(items, VALUE_BYTES)));
        put("schema", wait.schema.as_ref().map(|schema| value(schema, VALUE_BYTES)));
        put("onlyFor", Some(json!(wait.approvers)).filter(|_| !wait.approvers.is_empty()));
    }
    all
}

/// A task.
pub(super) fn task(task: &Task) -> Value {
    let mut all = json!({ "taskId": task.task_id, "status": task.status });
    let mut put = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            all[name] = text(value).into();
        }
    };
    put("label", task.label.as_deref());
    put("task", task.label.is_none().then_some(&task.task));
    put("flowId", task.parent_flow_id.as_ref().map(clawflow_core::ids::FlowId::as_str));
    put("progress", task.progress_summary.as_deref());
    put("summary", task.terminal_summary.as_deref());
    put("error", task.error.as_deref());
    all
}

/// A page of flows.
pub(super) fn list(page: &FlowListResponse) -> Value {
    let flows: Vec<Value> = page.flows.iter().map(|line| flow(&line.flow)).collect();
    let mut all = json!({ "flows": flows });
    if let Some(next) = &page.next {
        all["next"] = next.as_str().into();
    }
    all
}

/// Why a flow stands where it stands.
pub(super) fn why(why: &FlowWhyResponse) -> Value {
    let reasons = why.reasons.iter().take(ROWS_MAX).map(|reason| {
        let mut all = json!({ "kind": reason.kind, "text": text(&reason.text) });
        if let Some(since) = reason.since {
            all["since"] = time(since).into();
        }
        if let Some(until) = reason.until {
            all["until"] = time(until).into();
        }
        all
    });
    let mut all = json!({
        "flowId": why.flow.flow_id,
        "status": why.flow.status,
        "revision": why.flow.revision,
        "summary": text(&why.summary),
        "reasons": reasons.collect::<Vec<_>>(),
    });
    if let Some(earliest) = why.earliest {
        all["nextWakeAt"] = time(earliest).into();
    }
    if !why.commands.is_empty() {
        all["commands"] = json!(why.commands.iter().take(ROWS_MAX).collect::<Vec<_>>());
    }
    all
}

/// A message of an inbox.
pub(super) fn message(message: &Delivery) -> Value {
    let mut all = json!({
        "id": message.delivery_id,
        "kind": message.kind,
        "content": value(&message.content.as_str().into(), VALUE_BYTES),
        "at": time(message.created_at),
    });
    if let Some(flow) = &message.flow_id {
        all["flowId"] = flow.as_str().into();
    }
    if let Some(task) = &message.task_id {
        all["taskId"] = task.as_str().into();
    }
    if !message.data.is_null() {
        all["data"] = value(&message.data, VALUE_BYTES);
    }
    all
}
