//! Coding agents over the Agent Client Protocol: which there are and what they may do.

mod agent;
mod glob;
mod policy;

pub use agent::AgentConfig;
pub use agent::BUILTIN_AGENTS;
pub use agent::agent;
pub use agent::check_agent_name;
pub use policy::Policy;
pub use policy::Rule;
pub use policy::Tool;
pub use policy::Verdict;
