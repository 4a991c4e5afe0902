//! The tree of commands.

use crate::commands;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// durable flows for the long jobs of AI agents
#[derive(Debug, Parser)]
#[command(name = "clawflow", version, disable_help_subcommand = true, max_term_width = 100)]
#[command(after_help = "exit codes are listed in the man page: clawflow man")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Flags of every command.
#[derive(Debug, Args)]
pub(crate) struct Globals {
    /// directory of all state [env: CLAWFLOW_HOME]
    #[arg(long, global = true, value_name = "DIR", help_heading = "global options")]
    pub(crate) home: Option<PathBuf>,
    /// the one configuration file to read [env: CLAWFLOW_CONFIG]
    #[arg(long, global = true, value_name = "FILE", help_heading = "global options")]
    pub(crate) config: Option<PathBuf>,
    /// answer in JSON, errors too
    #[arg(long, global = true, help_heading = "global options")]
    pub(crate) json: bool,
    /// when to colour: auto, always or never
    #[arg(long, global = true, value_name = "WHEN", help_heading = "global options")]
    #[arg(value_parser = ["auto", "always", "never"], hide_possible_values = true)]
    pub(crate) color: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// start a flow from a workflow file and follow it
    Run(commands::run::RunArgs),
    /// list, show and steer flows
    #[command(subcommand)]
    Flows(commands::flows::FlowsCommand),
    /// list, show and stop tasks, or run one
    Tasks(TasksArgs),
    /// schedules: what time starts
    #[command(subcommand)]
    Cron(commands::cron::CronCommand),
    /// messages to the owners of flows and tasks
    #[command(subcommand)]
    Inbox(commands::inbox::InboxCommand),
    /// who runs in queues, who waits, and why
    Queues(commands::queues::QueuesArgs),
    /// coding agents that steps and tasks can name; ask one as a sub-agent
    Agents(commands::agents::AgentsArgs),
    /// access tokens of programs that come over TCP
    #[command(subcommand)]
    Tokens(commands::tokens::TokensCommand),
    /// the daemon that drives every flow
    Gateway(commands::gateway::GatewayArgs),
    /// the server for agents, on standard input and output
    Mcp(commands::mcp::McpArgs),
    /// Lobster's own command line: its workflow files and pipelines as flows
    #[command(disable_help_flag = true)]
    Lobster(LobsterArgs),
    /// look for what could keep clawflow from working
    Doctor,
    /// copy the ledger to a file while it is in use, and check the copy
    Backup(commands::backup::BackupArgs),
    /// put a copy of the ledger in its place
    Restore(commands::restore::RestoreArgs),
    /// take over the records of another system
    #[command(subcommand)]
    Import(commands::import::ImportCommand),
    /// show or check the configuration
    #[command(subcommand)]
    Config(commands::config::ConfigCommand),
    /// print a completion script for a shell
    Completion(commands::completion::CompletionArgs),
    /// print the man page
    Man(commands::man::ManArgs),
}

/// The tasks.
#[derive(Debug, Args)]
pub(crate) struct TasksArgs {
    /// what to do; without it the tasks are listed
    #[command(subcommand)]
    pub(crate) command: Option<commands::tasks::TasksCommand>,
}

/// Lobster's words.
#[derive(Debug, Args)]
pub(crate) struct LobsterArgs {
    /// what follows `lobster`; `clawflow lobster help` tells more
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    pub(crate) args: Vec<std::ffi::OsString>,
}
