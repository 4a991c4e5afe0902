//! The controller: classify, ask a person, tell the owner, finish.
//!
//! It keeps nothing in memory that the flow does not have. Each turn looks at the flow and makes
//! the one move that comes next, on the revision that it has seen; so it may be killed at any point
//! and started again, and two of it at once do not do anything twice.

use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::task::TaskStatus;
use clawflow_core::wait::WaitState;
use clawflow_engine::api::{
    ApiError, Calls, FlowCreateRequest, FlowEmitRequest, FlowFailRequest, FlowFinishRequest,
    FlowRef, FlowRunTaskRequest, FlowSetWaitingRequest, FlowShow, FlowWait, FlowWaitRequest,
    TaskFlow, TaskLogs, TaskLogsRequest, WaitFor,
};
use serde_json::{Value, json};

/// What is to be triaged, and by which command.
pub(crate) struct Inbox {
    /// Names the job: the same name is the same flow.
    pub(crate) name: String,
    /// Prints one subject per line.
    pub(crate) classify: Vec<String>,
    /// Where the command runs; absolute.
    pub(crate) cwd: String,
}

/// Runs the flow to its end, wherever it stands.
///
/// # Errors
/// Those of the calls. Called again it goes on.
pub(crate) async fn run<T: Calls>(flows: &TaskFlow<T>, inbox: &Inbox) -> Result<Flow, ApiError> {
    let made = flows
        .create_managed(FlowCreateRequest {
            controller_id: "my-plugin/inbox-triage".to_owned(),
            goal: "triage inbox".to_owned(),
            current_step: Some("classify".to_owned()),
            state_json: Some(json!({ "businessThreads": [] })),
            // Started again it gets the same flow, be it still open or not.
            idempotency_key: Some(inbox.name.clone()),
            ..FlowCreateRequest::default()
        })
        .await?;
    let id = made.flow_id.0;
    loop {
        let Some(flow) = flows.get(&id).await? else {
            return Err(ApiError::new("not_found", "the flow was deleted"));
        };
        if flow.is_terminal() {
            return Ok(flow);
        }
        let moved = match (flow.current_step.as_deref(), flow.status) {
            (_, FlowStatus::Waiting | FlowStatus::Blocked) => news(flows, &flow).await,
            (Some("classify"), _) => classify(flows, &flow, inbox).await,
            (Some("ask"), _) => conclude(flows, &flow).await,
            (step, _) => Err(ApiError::new("invalid_state", format!("unknown step {step:?}"))),
        };
        match moved {
            // Somebody else has moved it: look again.
            Err(error) if error.code == "revision_conflict" => {}
            moved => moved?,
        }
    }
}

/// Waits until something has happened.
async fn news<T: Calls>(flows: &TaskFlow<T>, flow: &Flow) -> Result<(), ApiError> {
    let token = FlowRef { flow: flow.flow_id.0.clone() };
    let view = flows.calls().call::<FlowShow>(token).await?;
    if view.flow.revision != flow.revision {
        return Ok(());
    }
    let wait = FlowWaitRequest {
        flow: flow.flow_id.0.clone(),
        after_event: view.last_event,
        timeout_ms: 30_000,
        until_ended: false,
        until_rest: false,
    };
    flows.calls().call::<FlowWait>(wait).await.map(|_| ())
}

/// Runs the command, once; when it has ended, asks a person about what it has found.
async fn classify<T: Calls>(
    flows: &TaskFlow<T>,
    flow: &Flow,
    inbox: &Inbox,
) -> Result<(), ApiError> {
    let id = flow.flow_id.0.clone();
    let child = FlowRunTaskRequest {
        // The same run is the same child: it is not launched again.
        run_id: Some("inbox-classify-1".to_owned()),
        cwd: Some(inbox.cwd.clone()),
        current_step: Some("classify".to_owned()),
        ..FlowRunTaskRequest::launch(&id, "Classify inbox messages", inbox.classify.clone())
    };
    let child = flows.run_task_in_flow(child).await?;
    let Some(task) = child.task else {
        let reason = child.reason.unwrap_or_default();
        return Err(ApiError::new(child.code.as_deref().unwrap_or("invalid_state"), reason));
    };
    if !task.status.is_terminal() {
        return Ok(());
    }
    let expected_revision = Some(flow.revision);
    if task.status != TaskStatus::Succeeded {
        let fail = FlowFailRequest {
            flow: id,
            expected_revision,
            blocked_task_id: Some(task.task_id),
            blocked_summary: task.error.or(Some("the classification failed".to_owned())),
            ..FlowFailRequest::default()
        };
        return flows.fail(fail).await.map(|_| ());
    }
    let logs = TaskLogsRequest { task: task.task_id.0, ..TaskLogsRequest::default() };
    let found = flows.calls().call::<TaskLogs>(logs).await?.text;
    let threads: Vec<&str> = found.lines().collect();
    let ask = FlowSetWaitingRequest {
        flow: id,
        expected_revision,
        current_step: Some(Some("ask".to_owned())),
        state_json: Some(json!({ "businessThreads": threads })),
        wait_for: Some(WaitFor::Person {
            prompt: format!("Forward {} business threads?", threads.len()),
            preview: Some(found.clone()),
            input: false,
            approvers: Vec::new(),
        }),
        ..FlowSetWaitingRequest::default()
    };
    flows.set_waiting(ask).await.map(|_| ())
}

/// The person has answered: tells the owner, once, and finishes.
async fn conclude<T: Calls>(flows: &TaskFlow<T>, flow: &Flow) -> Result<(), ApiError> {
    let id = flow.flow_id.0.clone();
    let view = flows.calls().call::<FlowShow>(FlowRef { flow: id.clone() }).await?;
    let answered = view.waits.iter().rev().find(|wait| wait.state == WaitState::Resolved);
    let answer = answered.and_then(|wait| wait.answer.clone()).unwrap_or(Value::Null);
    let said = if answer["approved"] == true { "forwarded" } else { "left alone" };
    let update = FlowEmitRequest {
        flow: id.clone(),
        content: format!("The business threads are {said}."),
        // Sent once, however often this is called.
        event_key: Some("answered".to_owned()),
        ..FlowEmitRequest::default()
    };
    flows.emit_flow_update(update).await?;
    let finish = FlowFinishRequest {
        flow: id,
        expected_revision: Some(flow.revision),
        ..FlowFinishRequest::default()
    };
    flows.finish(finish).await.map(|_| ())
}
