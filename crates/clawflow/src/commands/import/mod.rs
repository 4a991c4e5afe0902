//! `clawflow import …`.

mod openclaw;
mod tally;

use crate::cli::{CliError, Ctx, Exit};
use clap::Subcommand;

/// From where.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// take over flows, tasks and cron jobs of OpenClaw, whose files stay as they are
    Openclaw(openclaw::OpenclawArgs),
}

/// Imports.
pub(crate) async fn run(ctx: &Ctx, command: ImportCommand) -> Result<Exit, CliError> {
    match command {
        ImportCommand::Openclaw(args) => openclaw::run(ctx, &args).await,
    }
}
