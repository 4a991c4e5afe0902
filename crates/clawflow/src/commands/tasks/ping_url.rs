//! `clawflow tasks ping-url`.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::{Due, due};
use crate::commands::client::ask;
use crate::config::listen;
use crate::show::now;
use clap::Args;
use clawflow_core::Millis;
use clawflow_core::token::Access;
use clawflow_engine::api::{TokenCreate, TokenCreateRequest};
use serde_json::json;

/// Of which job.
#[derive(Debug, Args)]
#[command(after_help = "\
Below the URL: /start, nothing or /0 for a good end, /fail, /N for an exit code, /log with a body.
Only a hash of its secret is kept. For example:
  url=$(clawflow tasks ping-url backup)
  curl -fsS \"$url/start\"; backup --all; curl -fsS \"$url/$?\"")]
pub(crate) struct PingUrlArgs {
    /// the job: the label of its tasks
    #[arg(value_name = "LABEL")]
    label: String,
    /// session key of the owner of its tasks [default: run.owner]
    #[arg(long, visible_alias = "session", value_name = "KEY")]
    owner: Option<String>,
    /// refused from then on: a duration from now or a time [default: never]
    #[arg(long, value_name = "WHEN", value_parser = due)]
    expires: Option<Due>,
}

/// Makes it.
pub(crate) async fn run(ctx: &Ctx, args: PingUrlArgs) -> Result<Exit, CliError> {
    let expires_at = args.expires.map(|due| match due {
        Due::At(at) => at,
        Due::In(ms) => now().saturating_add(Millis::try_from(ms).unwrap_or(Millis::MAX)),
    });
    let owner = args.owner.unwrap_or_else(|| ctx.settings.run.owner.clone());
    let owner = Some(owner);
    let request = TokenCreateRequest { label: args.label, access: Access::Ping, owner, expires_at };
    let made = ask::<TokenCreate>(ctx, &request).await?;
    let base = listen(&ctx.settings.gateway.listen).map(|address| format!("http://{address}"));
    let url = format!("{}/ping/{}", base.as_deref().unwrap_or_default(), made.secret);
    if ctx.mode.json {
        ctx.mode.print_json(&json!({ "url": url, "token": made.token }))?;
        return Ok(Exit::Done);
    }
    ctx.mode.print(&format!("{}\n", escape(&url)))?;
    if base.is_none() {
        ctx.mode.note("hint: that is the path only: set gateway.listen to be reached by TCP");
    }
    Ok(Exit::Done)
}
