//! The verbs of `clawflow inbox`.

use super::{ack, list, watch};
use crate::cli::{CliError, Ctx, Exit};
use clap::Subcommand;

/// What to do with the messages of an owner.
#[derive(Debug, Subcommand)]
pub(crate) enum InboxCommand {
    /// list the messages that an owner has not acknowledged, the oldest first
    List(list::ListArgs),
    /// acknowledge messages: the owner has them
    Ack(ack::AckArgs),
    /// print messages as they come, until Ctrl-C
    Watch(watch::WatchArgs),
}

/// Does it.
pub(crate) async fn run(ctx: &Ctx, command: InboxCommand) -> Result<Exit, CliError> {
    match command {
        InboxCommand::List(args) => list::run(ctx, args).await,
        InboxCommand::Ack(args) => ack::run(ctx, args).await,
        InboxCommand::Watch(args) => watch::run(ctx, args).await,
    }
}
