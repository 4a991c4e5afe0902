//! `agent.spawn`: a sub-agent of a session, accepted at once.

use super::flow_run::check_cwd;
use super::flow_run_task::unreadable;
use super::once::Once;
use super::{AgentSpawn, AgentSpawnRequest, AgentSpawnResponse, Api, ApiError};
use crate::error::EngineError;
use crate::held::{Decided, Held, Of};
use crate::subagents::is_stopped;
use clawflow_core::acp::{AcpRequest, AgentConfig, Protocol, agent};
use clawflow_core::control::{self, NewChild};
use clawflow_core::drive::Ctx;
use clawflow_core::error::{Code, Refusal};
use clawflow_core::flow::Flow;
use clawflow_core::limits::{SUMMARY_CHARS_MAX, cut};
use clawflow_core::subagent::{check_prompt, check_spawn, check_word};
use clawflow_core::task::solo::{self, NewAgent, NewTask};
use clawflow_core::task::{Runtime, Task, TaskCommand};
use clawflow_core::unit::TaskInput;
use std::collections::BTreeMap;

impl Api {
    pub(super) async fn agent_spawn(
        &self,
        request: AgentSpawnRequest,
    ) -> Result<AgentSpawnResponse, ApiError> {
        let flow = request.flow.as_deref().map(|flow| self.find_flow(flow)).transpose()?;
        let asked = Some(request.owner.clone()).filter(|owner| !owner.trim().is_empty());
        let owner_key = match &flow {
            Some(flow) => flow.owner_key.clone(),
            None => self.owner_of_new(asked)?.unwrap_or_default(),
        };
        self.once::<AgentSpawn, _>(&owner_key, &request, |once| {
            self.spawn(request.clone(), owner_key.clone(), flow, once)
        })
        .await
    }

    async fn spawn(
        &self,
        request: AgentSpawnRequest,
        owner_key: String,
        flow: Option<Flow>,
        once: Option<Once>,
    ) -> Result<AgentSpawnResponse, ApiError> {
        let config = self.agent_of(&request.agent)?;
        check_prompt(&request.prompt).map_err(ApiError::from)?;
        check_word("the model", request.model.as_deref()).map_err(ApiError::from)?;
        check_word("the mode", request.mode.as_deref()).map_err(ApiError::from)?;
        // One at a time of a session: each counts those before it.
        let _turn = self.engine.signals(&owner_key).await;
        let above = self.engine.line_of(&owner_key)?;
        if let Some(parent) = above.first().filter(|parent| is_stopped(parent)) {
            let message = format!("the sub-agent {} was cancelled", parent.task_id);
            return Err(ApiError::new(Code::CancelRequested.as_str(), message));
        }
        let limits = self.engine.inner.settings.subagents;
        let open = self.engine.open_subagents(&owner_key, limits.children)?;
        check_spawn(&limits, above.len() + 1, open).map_err(|refusal| {
            let hint = "clawflow tasks list --runtime subagent; limits are in [subagents]";
            ApiError::from(refusal).hint(hint)
        })?;
        let command = command(&request, &config, &owner_key, above.len() + 1)?;
        let request = AgentSpawnRequest { budget: config.budget(request.budget), ..request };
        let task = match flow {
            Some(flow) => self.spawn_in(flow, request, command, once).await?,
            None => self.spawn_alone(owner_key.clone(), request, command, once).await?,
        };
        // Whoever cancelled the parent meanwhile did not see this one.
        self.engine.stop_if_orphaned(&task).await;
        Ok(accepted(&task))
    }

    /// The agent of this name, as configured.
    fn agent_of(&self, name: &str) -> Result<AgentConfig, ApiError> {
        let configured = &self.engine.inner.settings.agents;
        agent(configured, name).filter(|found| !found.command.is_empty()).ok_or_else(|| {
            let message = format!("agent not found: {}", cut(name, 80));
            let hint = "a section [agents.NAME] of the gateway's configuration makes one";
            ApiError::new("not_found", message).hint(hint)
        })
    }

    /// A task of its own.
    async fn spawn_alone(
        &self,
        owner_key: String,
        request: AgentSpawnRequest,
        command: TaskCommand,
        once: Option<Once>,
    ) -> Result<Task, ApiError> {
        let new = NewTask {
            owner_key,
            label: request.label,
            command,
            requester_origin: self.caller().origin.clone(),
            notify_policy: request.notify_policy,
            parent_task_id: None,
            budget: request.budget,
            agent: Some(NewAgent { agent: request.agent, task: request.prompt.clone() }),
        };
        let prompt = request.prompt;
        let make = move |ctx: &mut Ctx<'_>| {
            let mut made = solo::create(new, ctx)?;
            let task = &made.solo.task;
            made.unit.inputs.push(TaskInput { task_id: task.task_id.clone(), text: prompt });
            made.unit.outcomes.extend(once.map(|once| once.outcome(ctx.now, &accepted(task))));
            Ok(made)
        };
        Ok(self.engine.create_task(self.actor(), make).await?)
    }

    /// A child of a flow that code drives.
    async fn spawn_in(
        &self,
        flow: Flow,
        request: AgentSpawnRequest,
        command: TaskCommand,
        once: Option<Once>,
    ) -> Result<Task, ApiError> {
        let new = NewChild {
            command: Some(command),
            agent_id: Some(request.agent),
            label: request.label,
            notify_policy: request.notify_policy,
            budget: request.budget,
            ..NewChild::new(Runtime::Subagent, cut(&request.prompt, SUMMARY_CHARS_MAX))
        };
        let prompt = request.prompt;
        let add = Of(move |held: &Held, ctx: &mut Ctx<'_>| {
            let made = control::run_task(&held.as_code(), ctx, new.clone(), None)?;
            let mut made = Decided::from(made);
            let Some(task) = made.task.clone() else { return Err(unreadable("no task was made")) };
            let text = prompt.clone();
            made.unit.inputs.push(TaskInput { task_id: task.task_id.clone(), text });
            let outcome = once.as_ref().map(|once| once.outcome(ctx.now, &accepted(&task)));
            made.unit.outcomes.extend(outcome);
            Ok(made)
        });
        let done = self.engine.decide(self.actor(), &flow.flow_id, add).await?;
        let made = || EngineError::from(Refusal::new(Code::PersistFailed, "no task was made"));
        Ok(Task::clone(&*done.task.ok_or_else(made)?))
    }
}

fn accepted(task: &Task) -> AgentSpawnResponse {
    AgentSpawnResponse {
        status: "accepted".to_owned(),
        run_id: task.run_id.clone().unwrap_or_default(),
        child_session_key: task.child_session_key.clone().unwrap_or_default(),
        task: task.clone(),
    }
}

/// What is executed, or asked of an agent that is spoken to, without what the configuration keeps
/// to itself: its variables are added when the process starts, and are not on record.
pub(crate) fn command(
    request: &AgentSpawnRequest,
    config: &AgentConfig,
    parent: &str,
    depth: usize,
) -> Result<TaskCommand, ApiError> {
    let home = || std::env::var("HOME").ok().filter(|home| home.starts_with('/'));
    let cwd = request.cwd.clone().or_else(|| config.cwd.clone()).or_else(home);
    let cwd = cwd.unwrap_or_else(|| "/".to_owned());
    check_cwd(&cwd)?;
    let mut env = BTreeMap::from([
        ("CLAWFLOW_AGENT".to_owned(), request.agent.clone()),
        ("CLAWFLOW_PARENT_SESSION".to_owned(), parent.to_owned()),
        ("CLAWFLOW_AGENT_DEPTH".to_owned(), depth.to_string()),
    ]);
    let words = [
        ("CLAWFLOW_AGENT_MODEL", request.model.as_ref().or(config.model.as_ref())),
        ("CLAWFLOW_AGENT_MODE", request.mode.as_ref().or(config.mode.as_ref())),
    ];
    for (name, word) in words {
        if let Some(word) = word {
            env.insert(name.to_owned(), word.clone());
        }
    }
    let timeout_ms = request.timeout_ms.or(config.timeout_ms);
    let command = TaskCommand { cwd, env, timeout_ms, ..TaskCommand::default() };
    Ok(match config.protocol {
        Some(Protocol::Stdin) => TaskCommand { argv: config.command.clone(), ..command },
        // Its command is that of the configuration when it starts, its prompt the task's input.
        Some(Protocol::Acp | Protocol::AcpTwo) | None => {
            let request = AcpRequest {
                agent: request.agent.clone(),
                model: request.model.clone(),
                mode: request.mode.clone(),
                ..AcpRequest::default()
            };
            TaskCommand { acp: Some(Box::new(request)), ..command }
        }
    })
}
