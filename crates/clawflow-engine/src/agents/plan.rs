//! What an attempt of an agent needs: its program, and what the conversation is about.

use crate::engine::Engine;
use crate::supervise::RunSpec;
use clawflow_core::acp::{
    AcpRequest, Act, AgentConfig, EarlierTurn, McpServer, Plan, Policy, Protocol, SAID_BYTES_MAX,
    Talk, agent as agent_of,
};
use clawflow_core::budget::Budget;
use clawflow_core::drive;
use clawflow_core::task::{Runtime, Task, TaskCommand};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How long a turn may take where nobody says.
const TURN_MS_DEFAULT: u64 = 60 * 60 * 1000;

/// An attempt of an agent, ready to begin.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) plan: Plan,
    /// Limit of its work, in milliseconds; the time in which a person is asked does not count.
    pub(crate) timeout_ms: u64,
    argv: Vec<String>,
    env: BTreeMap<String, String>,
}

impl Prepared {
    /// By the request of a command and the configuration of its agent, for a task if there is one
    /// already; `runs`: it was started before.
    ///
    /// # Errors
    /// A sentence on why there can be no such attempt.
    pub(crate) fn new(
        engine: &Engine,
        command: TaskCommand,
        task: Option<&Task>,
        runs: bool,
    ) -> Result<Self, String> {
        let Some(mut request) = command.acp else { return Err("it asks no agent".to_owned()) };
        let settings = &engine.inner.settings;
        let name = &request.agent;
        let agent = agent_of(&settings.agents, name).filter(|agent| !agent.command.is_empty());
        let agent = match agent {
            Some(agent) if !runs && agent.protocol == Some(Protocol::Stdin) => {
                return Err(format!(
                    "the agent `{name}` only reads a prompt: see `clawflow agents`"
                ));
            }
            Some(agent) => agent,
            // It runs already; the configuration has changed since.
            None if runs => AgentConfig::default(),
            None => return Err(format!("there is no agent `{name}`: see `clawflow agents`")),
        };
        let earlier = command.earlier.filter(|_| task.is_some_and(|task| task.attempt > 1));
        let earlier = earlier.map_or_else(EarlierTurn::default, |earlier| *earlier);
        go_on(&mut request, &earlier);
        let budget = agent.budget(task.and_then(|task| task.budget)).unwrap_or_default();
        let policy = request.permissions.clone().or(agent.permissions);
        let policy = policy.unwrap_or_else(Policy::reads);
        let mut env = command.env;
        give(&mut env, &agent.env);
        let cwd = match agent.cwd.filter(|_| request.anywhere) {
            Some(cwd) => cwd,
            None => command.cwd,
        };
        let timeout_ms = command.timeout_ms.or(agent.timeout_ms).unwrap_or(TURN_MS_DEFAULT);
        request.terminals |= agent.terminals;
        request.mode = request.mode.or(agent.mode);
        request.model = request.model.or(agent.model);
        let lacks = |server: &McpServer| request.mcp.iter().all(|one| one.name != server.name);
        let tools: Vec<McpServer> = agent.tools.into_iter().filter(lacks).collect();
        request.mcp.extend(tools);
        let own = engine.inner.supervisor.shim_exe().to_string_lossy().into_owned();
        for server in &mut request.mcp {
            if server.name == McpServer::OWN && server.command.is_empty() {
                server.command = vec![own.clone(), "mcp".to_owned()];
                let home = settings.home.display().to_string();
                server.env.insert("CLAWFLOW_HOME".to_owned(), home);
                let session = task.map_or("", session).to_owned();
                server.env.insert("CLAWFLOW_SESSION".to_owned(), session);
            }
        }
        let timeout_ms = budget.wall_ms.map_or(timeout_ms, |wall| wall.min(timeout_ms));
        Ok(Self {
            plan: Plan {
                request: *request,
                policy,
                cwd,
                auth: agent.auth,
                version: if agent.protocol == Some(Protocol::AcpTwo) { 2 } else { 1 },
                text_max: usize::try_from(settings.stdout_bytes).unwrap_or(usize::MAX),
                budget,
                used_before: earlier.usage,
            },
            timeout_ms: timeout_ms.saturating_sub(earlier.worked_ms),
            argv: agent.command,
            env,
        })
    }

    /// The environment of the agent.
    pub(super) fn env(&self) -> &BTreeMap<String, String> {
        &self.env
    }

    /// What the shim runs, and the first line that the agent is told.
    pub(crate) fn spec(&self, engine: &Engine, task: &str, fence: u64) -> (RunSpec, Vec<u8>) {
        let settings = &engine.inner.settings;
        let spec = RunSpec {
            task: task.to_owned(),
            fence,
            argv: self.argv.clone(),
            cwd: PathBuf::from(&self.plan.cwd),
            env: self.env.clone(),
            // The conversation has its own, so that the agent is told first.
            timeout_ms: None,
            grace_ms: settings.grace_ms,
            log_cap_bytes: settings.log_bytes.max(SAID_BYTES_MAX),
            talks: true,
            output_max: None,
            screen: false,
        };
        let mut first = Vec::new();
        for act in Talk::new(self.plan.clone()).begin() {
            if let Act::Say { line, .. } = act {
                first.extend_from_slice(line.as_bytes());
                first.push(b'\n');
            }
        }
        (spec, first)
    }
}

/// Has the request go on where attempts before it were broken off, if there were any.
fn go_on(request: &mut AcpRequest, earlier: &EarlierTurn) {
    if !earlier.session.is_empty() {
        request.session = Some(earlier.session.clone());
        request.cost_before = earlier.cost_usd.or(request.cost_before);
        request.resume = true;
    }
}

/// Adds the variables of the configuration: with a value, or with that of the gateway.
fn give(env: &mut BTreeMap<String, String>, variables: &[String]) {
    for given in variables {
        match given.split_once('=') {
            Some((name, value)) => drop(env.insert(name.to_owned(), value.to_owned())),
            None => {
                let value = std::env::var(given).ok();
                env.extend(value.map(|value| (given.clone(), value)));
            }
        }
    }
}

/// On whose behalf the agent of this task uses clawflow: it sees what that session sees, and not
/// more. A sub-agent has a session of its own.
fn session(task: &Task) -> &str {
    let own = task.child_session_key.as_deref().filter(|_| task.runtime == Runtime::Subagent);
    own.unwrap_or(&task.owner_key)
}

impl Engine {
    /// What a task may use of which an agent of this name is asked, with this budget.
    pub(crate) fn budget_of(&self, name: &str, asked: Option<Budget>) -> Option<Budget> {
        let agent = agent_of(&self.inner.settings.agents, name).unwrap_or_default();
        agent.budget(asked)
    }

    /// Refuses what cannot be asked of an agent.
    ///
    /// # Errors
    /// A sentence on why.
    pub(crate) fn check_agent(&self, request: &AcpRequest) -> Result<(), String> {
        let acp = Some(Box::new(request.clone()));
        let command = TaskCommand { acp, ..TaskCommand::default() };
        Prepared::new(self, command, None, false).map(drop)
    }

    /// What a recorded attempt of an agent was started with; `None` for any other attempt.
    ///
    /// # Errors
    /// A sentence on why that cannot be told now.
    pub(crate) fn prepared(&self, task: &Task) -> Result<Option<Prepared>, String> {
        let mut command = match (&task.parent_flow_id, &task.command) {
            (_, Some(command)) => command.clone(),
            (None, None) => return Ok(None),
            (Some(flow_id), None) => {
                let held = self.load(flow_id).map_err(|error| error.to_string())?;
                let crate::held::Held::File(state) = held else { return Ok(None) };
                match drive::launch(&state, &task.task_id) {
                    Some(Ok(launch)) => launch.command,
                    _ => return Ok(None),
                }
            }
        };
        let Some(acp) = &mut command.acp else { return Ok(None) };
        if task.runtime == Runtime::Subagent {
            acp.prompt = self.prompt_of(task)?;
        }
        Prepared::new(self, command, Some(task), true).map(Some)
    }
}
