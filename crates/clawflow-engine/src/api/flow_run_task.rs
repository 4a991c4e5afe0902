//! `flow.runTask`: a child of a flow that code drives.

use super::flow_run::check_cwd;
use super::lookup::may_be_name;
use super::once::Once;
use super::{Api, ApiError, FlowRunTask, FlowRunTaskRequest, FlowRunTaskResponse};
use crate::error::EngineError;
use crate::held::{Decided, Held, Of};
use clawflow_core::acp::AcpRequest;
use clawflow_core::control::{self, NewChild};
use clawflow_core::drive::Ctx;
use clawflow_core::error::{Code, Refusal};
use clawflow_core::flow::Flow;
use clawflow_core::ids::FlowId;
use clawflow_core::task::{Task, TaskCommand};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a command inherits from the gateway's own environment.
const INHERITED: [&str; 5] = ["PATH", "HOME", "USER", "LANG", "TMPDIR"];

impl Api {
    pub(super) async fn flow_run_task(
        &self,
        request: FlowRunTaskRequest,
    ) -> Result<FlowRunTaskResponse, ApiError> {
        let found = if may_be_name(&request.flow) {
            self.find_flow(&request.flow)
        } else {
            return Ok(not_found());
        };
        let flow = match found {
            Ok(flow) => flow,
            Err(error) if error.code == Code::NotFound.as_str() => return Ok(not_found()),
            Err(error) => return Err(error),
        };
        self.once::<FlowRunTask, _>(&flow.owner_key, &request, |once| {
            self.add_child(flow.flow_id.clone(), request.clone(), once)
        })
        .await
    }

    async fn add_child(
        &self,
        flow_id: FlowId,
        request: FlowRunTaskRequest,
        once: Option<Once>,
    ) -> Result<FlowRunTaskResponse, ApiError> {
        let mut request = request;
        if let Some(acp) = &request.acp {
            request.budget = self.engine.budget_of(&acp.agent, request.budget);
        }
        let checked = request.acp.as_ref().map_or(Ok(()), |acp| {
            let invalid = |why| Refusal::new(Code::Invalid, why);
            self.engine.check_agent(acp).map_err(invalid)
        });
        let new = match checked.and_then(|()| child(request)) {
            Ok(new) => new,
            Err(refusal) => return Ok(refused(refusal, Some(self.find_flow(&flow_id.0)?))),
        };
        let store = self.engine.store().clone();
        let add = Of(move |held: &Held, ctx: &mut Ctx<'_>| {
            let flow = held.flow();
            let same_run = match &new.run_id {
                None => None,
                Some(run_id) => store
                    .task_of_run(&flow.owner_key, &flow.flow_id, new.runtime, run_id.trim())
                    .map_err(unreadable)?
                    .map(Arc::new),
            };
            let state = held.as_code();
            let made = control::run_task(&state, ctx, new.clone(), same_run.as_ref())?;
            let mut made = Decided::from(made);
            if let Some(once) = &once {
                let answer = created(made.state.flow(), made.task.as_deref());
                made.unit.outcomes.push(once.outcome(ctx.now, &answer));
            }
            Ok(made)
        });
        match self.engine.decide(self.actor(), &flow_id, add).await {
            Ok(done) => Ok(created(&done.flow, done.task.as_deref())),
            // Another one with the same key was faster: its answer is there.
            Err(EngineError::Refused { refusal, .. }) if refusal.code == Code::KeyConflict => {
                Err(refusal.into())
            }
            Err(EngineError::Refused { refusal, flow }) => {
                Ok(refused(refusal, flow.map(|flow| *flow)))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// A refusal because the store cannot be read.
pub(super) fn unreadable(error: impl std::fmt::Display) -> Refusal {
    Refusal::new(Code::PersistFailed, error.to_string())
}

fn not_found() -> FlowRunTaskResponse {
    FlowRunTaskResponse {
        found: false,
        ..refused(Refusal::new(Code::NotFound, "Flow not found."), None)
    }
}

fn refused(refusal: Refusal, flow: Option<Flow>) -> FlowRunTaskResponse {
    FlowRunTaskResponse {
        created: false,
        found: true,
        code: Some(refusal.code.as_str().to_owned()),
        reason: Some(refusal.message),
        flow,
        task: None,
    }
}

fn created(flow: &Flow, task: Option<&Task>) -> FlowRunTaskResponse {
    FlowRunTaskResponse {
        created: true,
        found: true,
        code: None,
        reason: None,
        flow: Some(flow.clone()),
        task: task.cloned(),
    }
}

/// The child that is asked for, with the environment that its command gets.
fn child(mut request: FlowRunTaskRequest) -> Result<NewChild, Refusal> {
    let command = command(&mut request)?;
    Ok(NewChild {
        command,
        status: request.status,
        run_id: request.run_id,
        child_session_key: request.child_session_key,
        source_id: request.source_id,
        parent_task_id: request.parent_task_id,
        agent_id: request.agent_id,
        label: request.label,
        notify_policy: request.notify_policy,
        started_at: request.started_at,
        last_event_at: request.last_event_at,
        progress_summary: request.progress_summary,
        wait: request.wait,
        current_step: request.current_step,
        budget: request.budget,
        ..NewChild::new(request.runtime, request.task)
    })
}

/// What is launched: a program, or a turn of an agent. `None` for a child that is only recorded.
fn command(request: &mut FlowRunTaskRequest) -> Result<Option<TaskCommand>, Refusal> {
    let invalid = |message: &str| Err(Refusal::new(Code::Invalid, message));
    let argv = std::mem::take(&mut request.command);
    let acp = request.acp.take().map(|acp| asked(acp, request));
    if argv.is_empty() && acp.is_none() {
        let only_launched =
            request.cwd.is_some() || !request.env.is_empty() || request.timeout_ms.is_some();
        if only_launched {
            return invalid("cwd, env and timeoutMs are for a command or agent, and there is none");
        }
        return Ok(None);
    }
    let home = || std::env::var("HOME").ok().filter(|home| home.starts_with('/'));
    let cwd = request.cwd.take().or_else(home).unwrap_or_else(|| "/".to_owned());
    check_cwd(&cwd).map_err(|error| Refusal::new(Code::Invalid, error.message))?;
    let mut env: BTreeMap<String, String> = INHERITED
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)))
        .collect();
    env.append(&mut request.env);
    Ok(Some(TaskCommand { argv, cwd, env, timeout_ms: request.timeout_ms, acp, earlier: None }))
}

/// What the agent is asked: what the task is, where nothing else is said.
fn asked(acp: AcpRequest, request: &FlowRunTaskRequest) -> Box<AcpRequest> {
    let prompt = match acp.prompt.trim() {
        "" => request.task.clone(),
        _ => acp.prompt.clone(),
    };
    let anywhere = acp.anywhere || request.cwd.is_none();
    Box::new(AcpRequest { prompt, anywhere, ..acp })
}
