//! A turn of an agent, as a schedule asks for it. How the agent is spoken to is known when it
//! starts: the configuration says it.

use super::limits::PROMPT_BYTES_MAX;
use crate::acp::{AcpRequest, Policy, check_agent_name};
use crate::error::{Code, Refusal};
use crate::subagent::{check_prompt, check_word};
use crate::task::{TaskCommand, check_command};
use std::collections::BTreeMap;

/// What an agent is asked when a slot has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentTurn {
    /// The agent's name, configured or built in.
    pub agent: String,
    /// What it is asked.
    pub prompt: String,
    /// Where it works, absolute; empty: its configuration says it, else the user's home.
    pub cwd: String,
    /// Nobody named the directory: that of the agent's configuration comes before it.
    pub anywhere: bool,
    /// The chosen environment; what the configuration says of a variable comes before it.
    pub env: BTreeMap<String, String>,
    /// The model that it is told to use, instead of that of its configuration.
    pub model: Option<String>,
    /// The mode that it is told to work in, instead of that of its configuration.
    pub mode: Option<String>,
    /// What it may do without being asked about, where it is spoken to by ACP.
    pub permissions: Option<Policy>,
}

impl AgentTurn {
    /// The turn in the words of the Agent Client Protocol.
    #[must_use]
    pub fn request(&self) -> AcpRequest {
        AcpRequest {
            agent: self.agent.clone(),
            prompt: self.prompt.clone(),
            mode: self.mode.clone(),
            model: self.model.clone(),
            permissions: self.permissions.clone(),
            anywhere: self.anywhere,
            ..AcpRequest::default()
        }
    }

    /// Refuses what no agent can be asked.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let invalid = |why: String| Err(Refusal::new(Code::Invalid, why));
        if let Err(why) = check_agent_name(&self.agent) {
            return invalid(format!("the name of an agent {why}"));
        }
        if self.prompt.len() > PROMPT_BYTES_MAX {
            return invalid(format!(
                "the prompt of a schedule has at most {PROMPT_BYTES_MAX} bytes: name a file in it"
            ));
        }
        check_prompt(&self.prompt)?;
        check_word("the model", self.model.as_deref())?;
        check_word("the mode", self.mode.as_deref())?;
        if !self.cwd.is_empty() && !self.cwd.starts_with('/') {
            return invalid("the directory is not an absolute path".to_owned());
        }
        check_command(&TaskCommand {
            cwd: self.cwd.clone(),
            env: self.env.clone(),
            acp: Some(Box::new(self.request())),
            ..TaskCommand::default()
        })
    }
}
