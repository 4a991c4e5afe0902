//! A turn of an agent, as flags.

use super::start::{blank, started};
use crate::cli::{CliError, Ctx};
use crate::commands::input::Input;
use crate::commands::run::chosen_env;
use crate::commands::tasks::chosen_dir;
use clap::Args;
use clawflow_core::acp::Policy;
use clawflow_core::schedule::{Payload, PayloadKind};
use clawflow_engine::api::ScheduleStart;
use std::path::PathBuf;

/// Whom to ask, and what.
#[derive(Debug, Default, Args)]
pub(super) struct AgentArgs {
    /// ask this agent, see `clawflow agents`; what follows is the prompt
    #[arg(long, value_name = "AGENT", group = "what", help_heading = "what")]
    agent: Option<String>,
    /// with --agent: what it is asked, @FILE that has it, or @- for standard input
    #[arg(value_name = "PROMPT", help_heading = "what")]
    prompt: Option<String>,
    /// the agent's model
    #[arg(long, value_name = "MODEL", help_heading = "what")]
    model: Option<String>,
    /// the agent's mode
    #[arg(long, value_name = "MODE", help_heading = "what")]
    mode: Option<String>,
    /// a rule such as "allow edit src/*" for what the agent asks permission for; may be given again
    #[arg(long = "permission", value_name = "RULE", help_heading = "what")]
    permissions: Vec<String>,
}

impl AgentArgs {
    /// Whether they say anything.
    pub(super) fn said(&self) -> bool {
        self.agent.is_some()
            || self.prompt.is_some()
            || self.model.is_some()
            || self.mode.is_some()
            || !self.permissions.is_empty()
    }

    /// The turn that the flags make of `was`, which keeps what they leave out; its place is that
    /// of the flags, else that of `was`, else this one.
    pub(super) fn start(
        &self,
        ctx: &Ctx,
        was: Option<&Payload>,
        (cwd, env): (Option<&PathBuf>, &[String]),
    ) -> Result<ScheduleStart, CliError> {
        let was = was.filter(|was| was.kind() == PayloadKind::Agent);
        let mut start = was.map_or_else(|| blank(PayloadKind::Agent), started);
        let Some(agent) = self.agent.clone().or(Some(start.agent).filter(|was| !was.is_empty()))
        else {
            let error = CliError::usage("a prompt and its flags are for agents");
            return Err(error.hint("add --agent AGENT; a program comes after --"));
        };
        start.agent = agent;
        if let Some(prompt) = &self.prompt {
            start.prompt = Input::default().text("PROMPT", prompt)?;
        }
        if start.prompt.is_empty() {
            let error = CliError::usage("the agent is asked nothing");
            return Err(error.hint("add the prompt: --agent AGENT 'PROMPT'"));
        }
        start.model = self.model.clone().or(start.model);
        start.mode = self.mode.clone().or(start.mode);
        if !self.permissions.is_empty() {
            start.permissions = Some(Policy::parse(&self.permissions).map_err(CliError::usage)?);
        }
        if was.is_none() || cwd.is_some() {
            start.anywhere = cwd.is_none();
            start.cwd = chosen_dir(ctx, cwd.cloned())?;
        }
        let chosen = chosen_env(ctx, env)?;
        let is_named = |name: &String| env.iter().any(|item| item.split('=').next() == Some(name));
        start.env.extend(chosen.into_iter().filter(|(name, _)| was.is_none() || is_named(name)));
        Ok(start)
    }
}
