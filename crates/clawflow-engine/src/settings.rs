//! What the engine is told by the configuration.

use clawflow_core::acp::AgentConfig;
use clawflow_core::delivery::Route;
use clawflow_core::queue::QueueLimits;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Settings of one engine.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// The home directory of clawflow; attempts live in `runs/` below it.
    pub home: PathBuf,
    /// The binary that is started as a shim.
    pub shim_exe: PathBuf,
    /// The socket that steps are told of.
    pub socket: PathBuf,
    /// The shell of `run:` lines.
    pub shell: String,
    /// Tasks that may run at once.
    pub max_tasks: usize,
    /// The named queues.
    pub queues: BTreeMap<String, QueueLimits>,
    /// The configured agents; built-in ones need not be there.
    pub agents: BTreeMap<String, AgentConfig>,
    /// Time between TERM and KILL, in milliseconds.
    pub grace_ms: u64,
    /// Bytes kept of each log.
    pub log_bytes: u64,
    /// Bytes of standard output kept as a step's result.
    pub stdout_bytes: u64,
    /// Where messages go, besides the inbox of an owner whom no route matches.
    pub routes: Vec<Route>,
    /// Name of this gateway in the records.
    pub name: String,
}
