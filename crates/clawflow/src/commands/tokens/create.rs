//! `clawflow tokens create`.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::{Due, due, word};
use crate::commands::client::ask;
use crate::show::{now, until};
use clap::Args;
use clawflow_core::Millis;
use clawflow_core::token::{Access, Token};
use clawflow_engine::api::{TokenCreate, TokenCreateRequest};

/// Who gets it, and what it allows.
#[derive(Debug, Args)]
#[command(after_help = "\
The secret is on standard output, alone, and nowhere else: clawflow keeps only its hash. For
example:
  clawflow tokens create laptop --access operate --owner agent:main:main > token.secret")]
pub(crate) struct CreateArgs {
    /// who has it, for people
    #[arg(value_name = "LABEL")]
    label: String,
    /// what it allows: read, operate or admin; each includes those before it
    #[arg(long, value_name = "ACCESS", value_parser = word::<Access>)]
    access: Access,
    /// the one owner whose records it reaches [default: all]
    #[arg(long, visible_alias = "session", value_name = "KEY")]
    owner: Option<String>,
    /// refused from then on: a duration from now or a time [default: never]
    #[arg(long, value_name = "WHEN", value_parser = due)]
    expires: Option<Due>,
}

/// Makes it.
pub(crate) async fn run(ctx: &Ctx, args: CreateArgs) -> Result<Exit, CliError> {
    let request = TokenCreateRequest {
        label: args.label,
        access: args.access,
        owner: args.owner,
        expires_at: args.expires.map(|due| moment(due, now())),
    };
    let made = ask::<TokenCreate>(ctx, &request).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&made)?;
        return Ok(Exit::Done);
    }
    ctx.mode.note(&text(&made.token));
    ctx.mode.print(&format!("{}\n", escape(&made.secret)))?;
    Ok(Exit::Done)
}

fn moment(due: Due, now: Millis) -> Millis {
    match due {
        Due::At(at) => at,
        Due::In(ms) => now.saturating_add(Millis::try_from(ms).unwrap_or(Millis::MAX)),
    }
}

fn text(token: &Token) -> String {
    let owner = token.owner_key.as_deref().map_or("all owners".to_owned(), escape);
    let end = token
        .expires_at
        .map_or("never expires".to_owned(), |at| format!("expires {}", until(at, now())));
    let (id, label) = (escape(&token.token_id.0), escape(&token.label));
    format!("token {id} ({label}): {} for {owner}, {end}", token.access)
}
