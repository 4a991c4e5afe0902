//! `clawflow tokens list`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::client::ask;
use crate::show::{Cell, Table, ago, now, until};
use clawflow_core::Millis;
use clawflow_core::token::Token;
use clawflow_engine::api::{Nothing, TokenList};

/// Lists them.
pub(crate) async fn run(ctx: &Ctx) -> Result<Exit, CliError> {
    let page = ask::<TokenList>(ctx, &Nothing::default()).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&page)?;
        return Ok(Exit::Done);
    }
    match page.tokens.is_empty() {
        true => ctx.mode.note("no tokens"),
        false => ctx.mode.print(&table(&page.tokens).render(ctx.mode))?,
    }
    Ok(Exit::Done)
}

fn table(tokens: &[Token]) -> Table {
    let now = now();
    let mut table = Table::new(["TOKEN", "LABEL", "ACCESS", "OWNER", "STATE", "AGE"]);
    for token in tokens {
        table.row([
            Cell::text(token.token_id.short()),
            Cell::text(&token.label),
            Cell::text(token.access.as_str()),
            Cell::text(token.owner_key.as_deref().unwrap_or("all")),
            Cell::status(state(token, now)),
            Cell::text(ago(token.created_at, now)),
        ]);
    }
    table
}

fn state(token: &Token, now: Millis) -> String {
    match (token.revoked_at, token.expires_at) {
        (Some(at), _) => format!("revoked {} ago", ago(at, now)),
        (None, Some(at)) if at <= now => format!("expired {} ago", ago(at, now)),
        (None, Some(at)) => format!("until {}", until(at, now)),
        (None, None) => "good".to_owned(),
    }
}
