//! The settings as typed fields. What each one means stands in [`super::table`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clawflow_core::acp::AgentConfig;
use clawflow_core::queue::QueueLimits;
use clawflow_gateway::Address;

use super::origin::Origin;
use super::show::ShownSetting;

/// Every setting, read and checked.
///
/// Only [`Settings::load`] makes one that is filled: the table's defaults are assigned like any
/// other value, so an empty `Default` never leaves this module tree.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// Directory of all state, absolute.
    pub(crate) home: PathBuf,
    /// `[gateway]`
    pub(crate) gateway: Gateway,
    /// `[cancel]`
    pub(crate) cancel: Cancel,
    /// `[run]`
    pub(crate) run: Run,
    /// `[delivery]`
    pub(crate) delivery: Delivery,
    /// `[limits]`
    pub(crate) limits: Limits,
    /// `[queues.NAME]`
    pub(crate) queues: BTreeMap<String, QueueLimits>,
    /// `[subagents]`
    pub(crate) subagents: Subagents,
    /// `[agents.NAME]`
    pub(crate) agents: BTreeMap<String, AgentConfig>,
    /// `[retention]`
    pub(crate) retention: Retention,
    /// `[output]`
    pub(crate) output: Output,
    /// The gateway that `CLAWFLOW_URL` names, instead of that of the home.
    pub(crate) remote: Option<Address>,
    /// The one file that `--config` names.
    pub(crate) named_config: Option<PathBuf>,
    /// Who said where the home is.
    pub(super) home_origin: Option<Origin>,
    /// The files that were read, the one that wins first.
    pub(super) files: Vec<PathBuf>,
    /// One row per setting, in the table's order, then those of queues and agents.
    pub(super) shown: Vec<ShownSetting>,
}

/// The daemon.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gateway {
    /// Tasks that run at once.
    pub(crate) max_tasks: u32,
    /// The unix socket that commands connect to, absolute.
    pub(crate) socket: PathBuf,
    /// Whether `run --detach` starts a gateway where none runs.
    pub(crate) autostart: bool,
    /// Filter for the log, in the syntax of `tracing`.
    pub(crate) log: String,
    /// Address of the TCP listener; empty: none.
    pub(crate) listen: String,
    /// Whether it may be reached from other machines.
    pub(crate) allow_remote: bool,
    /// Names by which TCP callers may call the gateway.
    pub(crate) allowed_hosts: Vec<String>,
    /// Origins of web pages that may call.
    pub(crate) allowed_origins: Vec<String>,
    /// Requests per second of one token, and of one connection.
    pub(crate) rate_limit: u32,
}

/// Cancelling.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cancel {
    /// Time between SIGTERM and SIGKILL.
    pub(crate) grace: Duration,
}

/// Starting flows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Run {
    /// Environment variables that are stored with a flow beside the basic ones.
    pub(crate) pass_env: Vec<String>,
    /// Owner of flows that name none.
    pub(crate) owner: String,
    /// Program that runs `run:` steps, absolute.
    pub(crate) shell: PathBuf,
}

/// Messages to owners.
#[derive(Debug, Clone, Default)]
pub(crate) struct Delivery {
    /// File of the routes, absolute.
    pub(crate) routes: PathBuf,
}

/// How many sub-agents there may be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subagents {
    /// How deep they may be below each other.
    pub(crate) depth: u32,
    /// How many of one session may be open.
    pub(crate) children: u32,
    /// How many may run.
    pub(crate) concurrency: u32,
}

/// How much is kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    /// Bytes of log kept per attempt.
    pub(crate) log_bytes: u64,
    /// Bytes of standard output kept as a step's result.
    pub(crate) stdout_bytes: u64,
}

/// How long what has ended is kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Retention {
    /// What succeeded.
    pub(crate) succeeded: Duration,
    /// What failed or ran out of time.
    pub(crate) failed: Duration,
    /// What was cancelled.
    pub(crate) cancelled: Duration,
    /// What was lost.
    pub(crate) lost: Duration,
    /// Rules for single owners, each as it stands in the file.
    pub(crate) owners: Vec<String>,
}

impl From<&Retention> for clawflow_engine::retention::Retention {
    fn from(kept: &Retention) -> Self {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            succeeded_ms: ms(kept.succeeded),
            failed_ms: ms(kept.failed),
            cancelled_ms: ms(kept.cancelled),
            lost_ms: ms(kept.lost),
            // They were checked when they were read.
            owners: kept.owners.iter().filter_map(|rule| rule.parse().ok()).collect(),
        }
    }
}

/// The command line's output.
#[derive(Debug, Clone, Default)]
pub(crate) struct Output {
    /// When to colour.
    pub(crate) color: ColorChoice,
}

/// When to colour output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always, also into a file.
    Always,
    /// Never.
    Never,
}

impl ColorChoice {
    /// All choices, in the order in which they are documented.
    pub(crate) const ALL: [Self; 3] = [Self::Auto, Self::Always, Self::Never];

    /// The word for it in a file.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}
