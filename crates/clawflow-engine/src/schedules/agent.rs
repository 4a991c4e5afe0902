//! Turns of agents that time starts. What an agent is, its configuration says when the turn begins.

use crate::api::{Actor, AgentSpawnRequest, spawned_command};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::subagents::{INHERITED, is_stopped};
use clawflow_core::acp::{AgentConfig, Protocol, agent};
use clawflow_core::error::{Code, Refusal};
use clawflow_core::limits::cut;
use clawflow_core::schedule::{AgentTurn, Fired, Payload, environment, launch_agent};
use clawflow_core::subagent::{SpawnLimits, check_spawn};
use clawflow_core::task::TaskCommand;

impl Engine {
    /// Refuses a turn of an agent that is not there, or cannot be asked like this.
    ///
    /// # Errors
    /// `not_found` or `invalid`, with what mends it.
    pub(crate) fn check_turn(&self, turn: &AgentTurn) -> Result<(), Refusal> {
        let invalid = |why: String| Refusal::new(Code::Invalid, why);
        let config = self.agent_of_turn(turn)?;
        match config.protocol {
            Some(Protocol::Stdin) if turn.permissions.is_some() => Err(invalid(format!(
                "the agent {} only reads a prompt, and asks for no permissions",
                turn.agent
            ))),
            Some(Protocol::Stdin) => Ok(()),
            _ => self.check_agent(&turn.request()).map_err(invalid),
        }
    }

    fn agent_of_turn(&self, turn: &AgentTurn) -> Result<AgentConfig, Refusal> {
        agent(&self.inner.settings.agents, &turn.agent).ok_or_else(|| {
            let message = format!("agent not found: {}", cut(&turn.agent, 80));
            Refusal::new(Code::NotFound, message)
        })
    }

    pub(super) async fn launch_agent(
        &self,
        actor: &Actor,
        fired: &Fired,
    ) -> Result<Fired, EngineError> {
        let Payload::Agent(turn) = &fired.schedule.payload else {
            return Err(EngineError::Broken("it asks no agent".to_owned()));
        };
        self.check_turn(turn)?;
        let config = self.agent_of_turn(turn)?;
        let command = match config.protocol {
            Some(Protocol::Stdin) => self.asked_by_prompt(turn, &config, fired)?,
            _ => TaskCommand {
                cwd: cwd(turn, &config),
                env: turn.env.clone(),
                acp: Some(Box::new(turn.request())),
                ..TaskCommand::default()
            },
        };
        let timeout_ms = fired.schedule.policies.timeout_ms.or(command.timeout_ms);
        let mut command = TaskCommand { timeout_ms, ..command };
        command.env.extend(environment(fired));
        let mut after = None;
        self.create_task_here(actor, |ctx| {
            let launched = launch_agent(fired, command, ctx)?;
            after = Some(launched.fired);
            Ok(launched.made)
        })
        .await?;
        Ok(after.unwrap_or_else(|| fired.clone()))
    }

    /// The command of an agent that reads its prompt: a sub-agent of the schedule's owner. How many
    /// of a schedule go on at once its policy says, so that their number is not limited here.
    fn asked_by_prompt(
        &self,
        turn: &AgentTurn,
        config: &AgentConfig,
        fired: &Fired,
    ) -> Result<TaskCommand, EngineError> {
        let owner = &fired.schedule.owner_key;
        let above = self.line_of(owner)?;
        if let Some(parent) = above.first().filter(|parent| is_stopped(parent)) {
            let message = format!("the sub-agent {} was cancelled", parent.task_id);
            return Err(EngineError::refused(Code::CancelRequested, message));
        }
        let depth = above.len() + 1;
        let limits = SpawnLimits { children: usize::MAX, ..self.inner.settings.subagents };
        check_spawn(&limits, depth, 0)?;
        let request = AgentSpawnRequest {
            agent: turn.agent.clone(),
            cwd: Some(cwd(turn, config)),
            model: turn.model.clone(),
            mode: turn.mode.clone(),
            ..AgentSpawnRequest::default()
        };
        let command = spawned_command(&request, config, owner, depth);
        let mut command =
            command.map_err(|error| EngineError::refused(Code::Invalid, error.message))?;
        // What is not on record comes first: it is read when the process starts.
        let is_given = |name: &String| {
            let configured = config.env.iter().filter_map(|given| given.split('=').next());
            INHERITED.iter().copied().chain(configured).any(|given| given == name)
        };
        let own = turn.env.iter().filter(|(name, _)| !is_given(name));
        command.env.extend(own.map(|(name, value)| (name.clone(), value.clone())));
        Ok(command)
    }
}

/// Where it works: where it was told, else as configured, else in the user's home.
fn cwd(turn: &AgentTurn, config: &AgentConfig) -> String {
    let home = || std::env::var("HOME").ok().filter(|home| home.starts_with('/'));
    let told = || Some(turn.cwd.clone()).filter(|cwd| !cwd.is_empty());
    let own = config.cwd.clone().filter(|_| turn.anywhere || turn.cwd.is_empty());
    own.or_else(told).or_else(home).unwrap_or_else(|| "/".to_owned())
}
