//! `clawflow tokens revoke`.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::client::ask;
use clap::Args;
use clawflow_engine::api::{TokenRef, TokenRevoke};

/// Which token.
#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// the token: its id or its label
    #[arg(value_name = "TOKEN")]
    token: String,
}

/// Revokes it.
pub(crate) async fn run(ctx: &Ctx, args: RevokeArgs) -> Result<Exit, CliError> {
    let token = ask::<TokenRevoke>(ctx, &TokenRef { token: args.token }).await?;
    match ctx.mode.json {
        true => ctx.mode.print_json(&token)?,
        false => {
            let (id, label) = (escape(&token.token_id.0), escape(&token.label));
            ctx.mode.print(&format!("revoked {id} ({label})\n"))?;
        }
    }
    Ok(Exit::Done)
}
