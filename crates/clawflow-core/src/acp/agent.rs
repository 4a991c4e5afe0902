//! Agents by name: how each is started, and what it is given.

use super::policy::Policy;
use super::request::McpServer;
use crate::budget::Budget;
use crate::text_enum::text_enum;
use std::collections::BTreeMap;

/// Agents that are known without a configuration, and their usual commands.
pub const BUILTIN_AGENTS: [(&str, &[&str]); 5] = [
    ("claude", &["npx", "-y", "@agentclientprotocol/claude-agent-acp"]),
    ("codex", &["npx", "-y", "@agentclientprotocol/codex-acp"]),
    ("gemini", &["gemini", "--acp"]),
    ("goose", &["goose", "acp"]),
    ("opencode", &["opencode", "acp"]),
];

text_enum!(
    /// How an agent is spoken to.
    Protocol {
        /// By the Agent Client Protocol.
        Acp = "acp",
        /// By the same, where version 2 of it is offered: the agent may answer with 1.
        AcpTwo = "acp-2",
        /// It reads its prompt on standard input, and what it prints is its answer.
        Stdin = "stdin",
    }
);

/// Bytes of the name of an agent.
const NAME_BYTES_MAX: usize = 64;

/// What the configuration says about an agent. What is left out is that of the step, else the
/// agent's own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AgentConfig {
    /// How it is spoken to; by the Agent Client Protocol, if nothing is said.
    pub protocol: Option<Protocol>,
    /// Program and arguments; empty only for a built-in agent, which has its usual ones.
    pub command: Vec<String>,
    /// The model that it is told to use.
    pub model: Option<String>,
    /// The mode that it is told to work in.
    pub mode: Option<String>,
    /// What it may do without being asked about.
    pub permissions: Option<Policy>,
    /// Whether it may have clawflow run commands, also where nobody asks for that.
    pub terminals: bool,
    /// Variables of its environment: `NAME=value`, or `NAME` for that of the gateway.
    pub env: Vec<String>,
    /// Where it works, absolute.
    pub cwd: Option<String>,
    /// The way in which it is to log in, if it asks for that.
    pub auth: Option<String>,
    /// Limit of one of its runs, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// What each of its tasks may use; whoever asks for one may ask for less.
    pub budget: Option<Budget>,
    /// Servers of the Model Context Protocol that its sessions are given, beside those of the step;
    /// clawflow's own has no command.
    pub tools: Vec<McpServer>,
}

impl AgentConfig {
    /// What a task may use that is asked for with this budget.
    #[must_use]
    pub fn budget(&self, asked: Option<Budget>) -> Option<Budget> {
        let both = asked.unwrap_or_default().tighter(self.budget.unwrap_or_default());
        Some(both).filter(|both| !both.is_empty())
    }
}

/// The agent of this name: as configured, with the usual command where none is configured.
///
/// `None` for a name that is neither configured nor built in.
#[must_use]
pub fn agent(configured: &BTreeMap<String, AgentConfig>, name: &str) -> Option<AgentConfig> {
    let usual = BUILTIN_AGENTS.iter().find(|(builtin, _)| *builtin == name);
    let mut agent = match (configured.get(name), usual) {
        (None, None) => return None,
        (found, _) => found.cloned().unwrap_or_default(),
    };
    if let (true, Some((_, words))) = (agent.command.is_empty(), usual) {
        agent.command = words.iter().map(|word| (*word).to_owned()).collect();
    }
    Some(agent)
}

/// Refuses what cannot be the name of an agent.
///
/// # Errors
/// A fragment that follows the name.
pub fn check_agent_name(name: &str) -> Result<(), String> {
    let fine = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(fine) {
        let what = "must have letters, digits, `-` and `_` only, and at most";
        return Err(format!("{what} {NAME_BYTES_MAX} of them"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_built_in_agent_may_be_configured_in_part() {
        let mut configured = BTreeMap::new();
        assert_eq!(agent(&configured, "opencode").unwrap().command, ["opencode", "acp"]);
        assert_eq!(agent(&configured, "other"), None);
        let named = AgentConfig { mode: Some("plan".to_owned()), ..AgentConfig::default() };
        configured.insert("opencode".to_owned(), named);
        let found = agent(&configured, "opencode").unwrap();
        assert_eq!((found.command.len(), found.mode.as_deref()), (2, Some("plan")));
        for (name, _) in BUILTIN_AGENTS {
            check_agent_name(name).unwrap();
        }
        assert!(check_agent_name("a b").is_err() && check_agent_name("").is_err());
    }
}
