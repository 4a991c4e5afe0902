//! `flow.runTask`: a child of a flow that code drives.

use super::flow_run::check_cwd;
use super::lookup::may_be_name;
use super::once::Once;
use super::{Api, ApiError, FlowRunTask, FlowRunTaskRequest, FlowRunTaskResponse};
use crate::error::EngineError;
use crate::held::{Decided, Held, Of};
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
        let new = match child(request) {
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
fn child(request: FlowRunTaskRequest) -> Result<NewChild, Refusal> {
    let command = if request.command.is_empty() {
        let only_commands =
            request.cwd.is_some() || !request.env.is_empty() || request.timeout_ms.is_some();
        if only_commands {
            let message = "cwd, env and timeoutMs are for a command, and there is none";
            return Err(Refusal::new(Code::Invalid, message));
        }
        None
    } else {
        let home = || std::env::var("HOME").ok().filter(|home| home.starts_with('/'));
        let cwd = request.cwd.or_else(home).unwrap_or_else(|| "/".to_owned());
        check_cwd(&cwd).map_err(|error| Refusal::new(Code::Invalid, error.message))?;
        let mut env: BTreeMap<String, String> = INHERITED
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)))
            .collect();
        env.extend(request.env);
        Some(TaskCommand {
            argv: request.command,
            cwd,
            env,
            timeout_ms: request.timeout_ms,
            acp: None,
        })
    };
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
