//! What an owner is owed for a change: one message per matching route, else one in the inbox.

use super::{Delivery, DeliveryState, Route, RouteKind};
use crate::drive::Ctx;
use crate::flow::{Flow, FlowStatus, NotifyPolicy, Origin, SyncMode, Update};
use crate::ids::{DeliveryId, FlowId, TaskId};
use crate::limits::{SUMMARY_CHARS_MAX, TITLE_CHARS_MAX, cut};
use crate::rows::{FlowChange, Waits};
use crate::task::{ScopeKind, Task, TaskStatus, TerminalOutcome};
use crate::wait::{Wait, WaitKind};
use serde_json::{Value, json};

mod schedule;
pub(crate) use schedule::{ScheduleMessage, schedule_disabled, schedule_message};

/// A message, not yet on its routes.
pub(crate) struct Message {
    pub(crate) owner_key: String,
    pub(crate) flow_id: Option<FlowId>,
    pub(crate) task_id: Option<TaskId>,
    pub(crate) kind: &'static str,
    /// The rest of the idempotency key after the subject; `None`: the first delivery's id.
    pub(crate) key: Option<String>,
    pub(crate) content: String,
    pub(crate) data: Value,
    pub(crate) origin: Option<Origin>,
}

/// The rows of a message, one per route.
pub(crate) fn on_routes(message: &Message, ctx: &mut Ctx) -> Vec<Delivery> {
    let subject = match (&message.task_id, &message.flow_id) {
        (Some(task), _) => format!("task:{task}"),
        (None, flow) => format!("flow:{}", flow.as_ref().map_or("", FlowId::as_str)),
    };
    on_routes_as(&subject, message, ctx)
}

/// As [`on_routes`], about this subject.
fn on_routes_as(subject: &str, message: &Message, ctx: &mut Ctx) -> Vec<Delivery> {
    let inbox = Route { kind: RouteKind::Inbox, name: String::new(), owner: "*".to_owned() };
    let mut routes: Vec<&Route> = Vec::new();
    for route in ctx.routes.iter().filter(|route| is_like(&message.owner_key, &route.owner)) {
        // The second of the same kind and name would be the same message again.
        if !routes.iter().any(|one| (one.kind, &one.name) == (route.kind, &route.name)) {
            routes.push(route);
        }
    }
    if routes.is_empty() {
        routes.push(&inbox);
    }
    let ids: Vec<DeliveryId> = routes.iter().map(|_| DeliveryId::new(ctx.ids)).collect();
    let key = match &message.key {
        Some(key) => format!("{subject}:{key}"),
        None => format!("{subject}:update:{}", ids[0]),
    };
    let made = ids.into_iter().zip(routes).map(|(id, route)| {
        let queued = route.kind == RouteKind::Inbox;
        Delivery {
            delivery_id: id,
            version: 0,
            owner_key: message.owner_key.clone(),
            flow_id: message.flow_id.clone(),
            task_id: message.task_id.clone(),
            kind: message.kind.to_owned(),
            idempotency_key: key.clone(),
            content: message.content.clone(),
            data: message.data.clone(),
            requester_origin: message.origin.clone(),
            route: route.kind,
            route_name: route.name.clone(),
            state: if queued { DeliveryState::SessionQueued } else { DeliveryState::Pending },
            attempts: 0,
            due_at: (!queued).then_some(ctx.now),
            error: None,
            created_at: ctx.now,
            delivered_at: queued.then_some(ctx.now),
            closed_at: None,
            place: None,
        }
    });
    made.collect()
}

/// Whether `text` is what `glob` stands for; `*` is any text.
#[must_use]
pub fn is_like(text: &str, glob: &str) -> bool {
    let Some((first, rest)) = glob.split_once('*') else { return text == glob };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        match text.find(part) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// What is owed for the change of a flow's row, by its policy.
pub(crate) fn of_flow(
    was: &Flow,
    flow: &Flow,
    change: FlowChange,
    waits: &Waits,
    ctx: &mut Ctx,
) -> Vec<Delivery> {
    if flow.sync_mode == SyncMode::TaskMirrored {
        // Its task tells.
        return Vec::new();
    }
    let ended = flow.is_terminal() && !was.is_terminal();
    let corrected = was.is_terminal() && flow.status != was.status && !ended;
    let changed = flow.status != was.status && change != FlowChange::Inserted;
    let (kind, key) = match flow.notify_policy {
        NotifyPolicy::Silent => return Vec::new(),
        _ if ended => ("flow.ended", "ended".to_owned()),
        _ if corrected => ("flow.corrected", format!("rev:{}", flow.revision)),
        NotifyPolicy::StateChanges if changed => ("flow.changed", format!("rev:{}", flow.revision)),
        NotifyPolicy::StateChanges | NotifyPolicy::DoneOnly => return Vec::new(),
    };
    let asked = waits.values().find(|wait| is_question(wait));
    let mut data = facts(flow);
    if let Some(wait) = asked.filter(|_| !ended) {
        data["waitId"] = json!(wait.wait_id);
        data["prompt"] = json!(wait.prompt);
    }
    let content = sentence(flow, asked.and_then(|wait| wait.prompt.as_deref()));
    on_routes(&message_of(flow, kind, Some(key), content, data), ctx)
}

/// What is owed for a question of an agent: the flow goes on meanwhile, so no change of it tells.
pub(crate) fn of_permission(flow: &Flow, wait: &Wait, ctx: &mut Ctx) -> Vec<Delivery> {
    if flow.notify_policy != NotifyPolicy::StateChanges {
        return Vec::new();
    }
    let mut data = facts(flow);
    data["waitId"] = json!(wait.wait_id);
    data["prompt"] = json!(wait.prompt);
    let name = flow.key.as_deref().unwrap_or(flow.flow_id.as_str());
    let prompt = wait.prompt.as_deref().unwrap_or_default();
    let content = format!("{name} waits for a permission: {prompt}");
    let key = Some(format!("wait:{}", wait.wait_id));
    on_routes(&message_of(flow, "flow.permission", key, content, data), ctx)
}

/// What a controller sends its owner, and what history keeps of it.
pub(crate) fn update(
    flow: &Flow,
    revision: u64,
    update: &Update,
    ctx: &mut Ctx,
) -> (Vec<Delivery>, Value) {
    let mut data = facts(flow);
    data["revision"] = json!(revision);
    if let Some(key) = &update.event_key {
        data["eventKey"] = json!(key);
    }
    if !update.data.is_null() {
        data["data"] = update.data.clone();
    }
    let key = update.event_key.as_ref().map(|key| format!("update:{key}"));
    let content = update.content.clone();
    let deliveries = on_routes(&message_of(flow, "flow.update", key, content, data), ctx);
    let told = json!({
        "content": cut(&update.content, SUMMARY_CHARS_MAX), "eventKey": update.event_key,
        "deliveries": deliveries.iter().map(|one| &one.delivery_id).collect::<Vec<_>>(),
    });
    (deliveries, told)
}

/// A message of this flow to its owner.
pub(crate) fn message_of(
    flow: &Flow,
    kind: &'static str,
    key: Option<String>,
    content: String,
    data: Value,
) -> Message {
    Message {
        owner_key: flow.owner_key.clone(),
        flow_id: Some(flow.flow_id.clone()),
        task_id: None,
        kind,
        key,
        content,
        data,
        origin: flow.requester_origin.clone(),
    }
}

/// Whether somebody has to answer.
fn is_question(wait: &Wait) -> bool {
    matches!(
        wait.kind,
        WaitKind::Approval | WaitKind::Input | WaitKind::Permission | WaitKind::InDoubt
    )
}

/// A flow, for programs that are told of it.
pub(crate) fn facts(flow: &Flow) -> Value {
    let mut data = json!({
        "flowId": flow.flow_id, "status": flow.status, "revision": flow.revision,
        "goal": flow.goal, "outputKeys": flow.outputs.keys().collect::<Vec<_>>(),
    });
    let optional = [
        ("key", &flow.key),
        ("error", &flow.error),
        ("currentStep", &flow.current_step),
        ("blockedSummary", &flow.blocked_summary),
    ];
    for (name, text) in optional {
        if let Some(text) = text {
            data[name] = json!(text);
        }
    }
    data
}

/// On one line and not too long.
fn title(text: &str) -> String {
    cut(&text.split_whitespace().collect::<Vec<_>>().join(" "), TITLE_CHARS_MAX)
}

fn sentence(flow: &Flow, prompt: Option<&str>) -> String {
    let with = |what: &str, why: Option<&str>| match why.filter(|why| !why.trim().is_empty()) {
        Some(why) => format!("{what}: {why}"),
        None => what.to_owned(),
    };
    let error = flow.error.as_deref();
    let what = match flow.status {
        FlowStatus::Queued => "is queued".to_owned(),
        FlowStatus::Running => "is running".to_owned(),
        FlowStatus::Waiting => with("is waiting", prompt),
        FlowStatus::Blocked => with("is blocked", flow.blocked_summary.as_deref().or(prompt)),
        FlowStatus::Succeeded => "succeeded".to_owned(),
        FlowStatus::Failed => with("failed", error),
        FlowStatus::Cancelled => with("was cancelled", error),
        FlowStatus::Lost => with("was lost", error),
    };
    format!("flow \"{}\" {what}", title(&flow.goal))
}

/// What is owed for the end of a task, by its own policy; its `deliveryStatus` tells of it.
pub(crate) fn of_task(task: &mut Task, ctx: &mut Ctx) -> Vec<Delivery> {
    let owes = task.notify_policy != NotifyPolicy::Silent
        && task.scope_kind == ScopeKind::Session
        && task.status.is_terminal();
    if !owes {
        return Vec::new();
    }
    let mut data = json!({
        "taskId": task.task_id, "status": task.status, "runtime": task.runtime,
        "task": task.task,
    });
    let optional = [
        ("label", &task.label),
        ("runId", &task.run_id),
        ("error", &task.error),
        ("summary", &task.terminal_summary),
        ("agentId", &task.agent_id),
        ("childSessionKey", &task.child_session_key),
        ("answer", &task.answer),
    ];
    for (name, text) in optional {
        if let Some(text) = text {
            data[name] = json!(text);
        }
    }
    if let Some(flow_id) = &task.parent_flow_id {
        data["flowId"] = json!(flow_id);
    }
    if let Some(outcome) = task.terminal_outcome {
        data["outcome"] = json!(outcome);
    }
    let deliveries = on_routes(
        &Message {
            owner_key: task.owner_key.clone(),
            flow_id: task.parent_flow_id.clone(),
            task_id: Some(task.task_id.clone()),
            kind: "task.ended",
            key: Some("ended".to_owned()),
            content: end_of(task),
            data,
            origin: task.requester_origin.clone(),
        },
        ctx,
    );
    task.delivery_status = super::delivery_status(&deliveries);
    deliveries
}

fn end_of(task: &Task) -> String {
    let why = match task.status {
        TaskStatus::Succeeded => task.terminal_summary.as_deref(),
        _ => task.error.as_deref().or(task.terminal_summary.as_deref()),
    };
    let blocked = task.terminal_outcome == Some(TerminalOutcome::Blocked);
    let what = match task.status {
        TaskStatus::Queued => "is queued",
        TaskStatus::Running => "is running",
        TaskStatus::Succeeded if blocked => "ended blocked",
        TaskStatus::Succeeded => "succeeded",
        TaskStatus::Failed => "failed",
        TaskStatus::TimedOut => "timed out",
        TaskStatus::Cancelled => "was cancelled",
        TaskStatus::Lost => "was lost",
    };
    let name = title(task.label.as_ref().unwrap_or(&task.task));
    match why.filter(|why| !why.trim().is_empty()) {
        Some(why) => format!("task \"{name}\" {what}: {why}"),
        None => format!("task \"{name}\" {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::is_like;

    #[test]
    fn a_star_stands_for_any_text() {
        for (glob, yes, no) in [
            ("*", "", ""),
            ("agent:*", "agent:main:main", "hook:agent:"),
            ("*:main", "agent:x:main", "agent:main:x"),
            ("a*b*c", "axxbyyc", "acb"),
            ("ab*bc", "abbc", "abc"),
            ("agent:main:main", "agent:main:main", "agent:main:main2"),
        ] {
            assert!(is_like(yes, glob), "{yes} {glob}");
            assert!(glob == "*" || !is_like(no, glob), "{no} {glob}");
        }
    }
}
