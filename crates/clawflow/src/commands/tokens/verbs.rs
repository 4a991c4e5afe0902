//! The verbs of `clawflow tokens`.

use super::{create, list, revoke};
use crate::cli::{CliError, Ctx, Exit};
use clap::Subcommand;

/// What to do with access tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokensCommand {
    /// make an access token and print its secret, this once
    Create(create::CreateArgs),
    /// list access tokens, the newest first
    List,
    /// refuse an access token from now on
    Revoke(revoke::RevokeArgs),
}

/// Does it.
pub(crate) async fn run(ctx: &Ctx, command: TokensCommand) -> Result<Exit, CliError> {
    match command {
        TokensCommand::Create(args) => create::run(ctx, args).await,
        TokensCommand::List => list::run(ctx).await,
        TokensCommand::Revoke(args) => revoke::run(ctx, args).await,
    }
}
