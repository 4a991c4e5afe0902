//! What the engine is told by the configuration.

use clawflow_core::acp::AgentConfig;
use clawflow_core::delivery::Route;
use clawflow_core::queue::QueueLimits;
use clawflow_core::subagent::{self, SpawnLimits};
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
    /// How many sub-agents there may be.
    pub subagents: SpawnLimits,
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

impl EngineSettings {
    /// The limits of a queue: those of its configuration; sub-agents have a queue without one.
    #[must_use]
    pub fn queue(&self, name: &str) -> Option<QueueLimits> {
        let own = || {
            let concurrency = Some(self.subagents.concurrency);
            (name == subagent::QUEUE).then(|| QueueLimits { concurrency, ..QueueLimits::default() })
        };
        self.queues.get(name).cloned().or_else(own)
    }

    /// All queues that have limits.
    pub(crate) fn all_queues(&self) -> BTreeMap<String, QueueLimits> {
        let own = self.queue(subagent::QUEUE).map(|limits| (subagent::QUEUE.to_owned(), limits));
        self.queues.clone().into_iter().chain(own).collect()
    }
}
