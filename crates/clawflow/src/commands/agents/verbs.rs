//! The verbs of `clawflow agents`.

use super::{list, spawn};
use crate::cli::{CliError, Ctx, Exit};
use clap::{Args, Subcommand};

/// What to do with agents.
#[derive(Debug, Args)]
#[command(after_help = "\
An agent is a section [agents.NAME] of the configuration, or one of those built in. FOUND says
whether its command is a program here, not whether it is logged in.")]
pub(crate) struct AgentsArgs {
    #[command(subcommand)]
    command: Option<AgentsCommand>,
}

#[derive(Debug, Subcommand)]
enum AgentsCommand {
    /// list the coding agents that steps and tasks can name
    List,
    /// ask an agent for something, as a sub-agent of the session
    Spawn(Box<spawn::SpawnArgs>),
}

impl AgentsArgs {
    /// Whether the command may drive what it starts, in its own process.
    pub(crate) fn drives(&self) -> bool {
        matches!(&self.command, Some(AgentsCommand::Spawn(args)) if args.waits())
    }
}

/// Does it.
pub(crate) async fn run(ctx: &Ctx, args: AgentsArgs) -> Result<Exit, CliError> {
    match args.command {
        None | Some(AgentsCommand::List) => list::run(ctx),
        Some(AgentsCommand::Spawn(args)) => spawn::run(ctx, *args).await,
    }
}
