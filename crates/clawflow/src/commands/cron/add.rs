//! `clawflow cron add`.

use super::policy::PolicyArgs;
use super::show::fires_at;
use super::spec::SpecArgs;
use super::start::StartArgs;
use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::client::Client;
use clap::Args;
use clawflow_core::schedule::Policies;
use clawflow_engine::api::{ScheduleAdd, ScheduleAddRequest};

/// What time is to start.
#[derive(Debug, Args)]
#[command(after_help = "\
For example:
  clawflow cron add backup --cron '30 2 * * *' --tz Europe/Berlin -- ./backup.sh
  clawflow cron add report --cron '@weekly' --file report.flow.yaml --arg team=core
  clawflow cron add triage --every 30m --agent claude --timeout 10m 'Triage the inbox'
  clawflow cron add water --every 1h --message 'drink water'
  clawflow cron add once --at 20m --delete-after-run -- ./remind.sh

Directory, environment and workflow file are taken as they are now. Schedules fire while a gateway
runs: clawflow gateway run.")]
pub(crate) struct AddArgs {
    /// its name, which no other schedule of the owner has
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    spec: SpecArgs,
    #[command(flatten)]
    start: StartArgs,
    #[command(flatten)]
    policy: PolicyArgs,
    /// session key of the owner [default: run.owner]
    #[arg(long, visible_alias = "session", value_name = "SESSION")]
    owner: Option<String>,
    /// make it, but do not let it fire yet
    #[arg(long)]
    disabled: bool,
}

/// Makes it.
pub(crate) async fn run(ctx: &Ctx, args: AddArgs) -> Result<Exit, CliError> {
    let Some(spec) = args.spec.spec(None)? else {
        let error = CliError::usage("nothing says when it fires");
        return Err(error.hint("add one of --at, --every and --cron"));
    };
    let Some(start) = args.start.start(ctx)? else {
        let error = CliError::usage("nothing says what it starts");
        return Err(error.hint("add -- CMD, --file FILE, --agent AGENT PROMPT or --message TEXT"));
    };
    let request = ScheduleAddRequest {
        name: args.name,
        spec,
        start,
        policies: args.policy.policies(Policies::default())?,
        owner: Some(args.owner.unwrap_or_else(|| ctx.settings.run.owner.clone())),
        disabled: args.disabled,
        idempotency_key: None,
    };
    let client = Client::open(ctx).await?;
    let nobody = !client.is_remote() || client.foreground_run().is_some();
    let made = client.call::<ScheduleAdd>(&request).await;
    let made = client.close(made).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&made)?;
        return Ok(Exit::Done);
    }
    ctx.mode.print(&format!("{}\n", made.schedule_id))?;
    ctx.mode.note(&format!("{}: {}", escape(&made.name), fires_at(&made)));
    if nobody && made.enabled {
        ctx.mode.note("hint: nothing fires until a gateway runs: clawflow gateway run");
    }
    Ok(Exit::Done)
}
