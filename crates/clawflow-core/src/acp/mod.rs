//! Coding agents over the Agent Client Protocol: which there are, what they may do, and the
//! conversation with one, as far as it needs no clock and no I/O.

mod agent;
mod glob;
mod limits;
mod policy;
mod request;
mod talk;
mod tools;
mod wire;

pub use agent::AgentConfig;
pub use agent::BUILTIN_AGENTS;
pub use agent::Protocol;
pub use agent::agent;
pub use agent::check_agent_name;
pub use limits::MESSAGE_BYTES_MAX;
pub use limits::SAID_BYTES_MAX;
pub use limits::TERMINAL_OUTPUT_BYTES_MAX;
pub use limits::TOLD_BYTES_MAX;
pub use policy::Policy;
pub use policy::Rule;
pub use policy::Tool;
pub use policy::Verdict;
pub use request::AcpRequest;
pub use request::AgentSession;
pub use request::EarlierTurn;
pub use request::FileAccess;
pub use request::McpServer;
pub use request::OnStop;
pub use talk::Act;
pub use talk::AgentEnd;
pub use talk::AskedFor;
pub use talk::End;
pub use talk::FileRequest;
pub use talk::Plan;
pub use talk::Talk;
pub use talk::TerminalAction;
pub use talk::TerminalCommand;
pub use talk::TerminalDone;
pub use talk::TerminalExit;
pub use talk::TerminalRequest;
pub use talk::Why;
pub use wire::key_of;
