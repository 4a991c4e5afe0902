//! `clawflow cron edit`.

use super::policy::PolicyArgs;
use super::show::fires_at;
use super::spec::SpecArgs;
use super::start::StartArgs;
use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::client::Client;
use clap::Args;
use clawflow_core::schedule::Schedule;
use clawflow_engine::api::{ScheduleEdit, ScheduleEditRequest, ScheduleRef, ScheduleShow};

/// What to change.
#[derive(Debug, Args)]
#[command(after_help = "\
What is not named stays as it is. A workflow file is taken again with --file. If the timetable
changes, the next slot is after now.")]
pub(crate) struct EditArgs {
    /// the schedule: its name, its id, or 8 or more characters of the id
    #[arg(value_name = "SCHEDULE")]
    schedule: String,
    /// another name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    spec: SpecArgs,
    #[command(flatten)]
    start: StartArgs,
    #[command(flatten)]
    policy: PolicyArgs,
}

/// Changes it.
pub(crate) async fn run(ctx: &Ctx, args: EditArgs) -> Result<Exit, CliError> {
    let client = Client::open(ctx).await?;
    let edited = edit(ctx, &client, args).await;
    let schedule = client.close(edited).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&schedule)?;
        return Ok(Exit::Done);
    }
    let name = escape(&schedule.name);
    ctx.mode.print(&format!("{name}: version {}, {}\n", schedule.version, fires_at(&schedule)))?;
    Ok(Exit::Done)
}

async fn edit(ctx: &Ctx, client: &Client, args: EditArgs) -> Result<Schedule, CliError> {
    let token = ScheduleRef { schedule: args.schedule };
    let was = client.call::<ScheduleShow>(&token).await?.schedule;
    let policies = args.policy.policies(was.policies.clone())?;
    let request = ScheduleEditRequest {
        schedule: was.schedule_id.0.clone(),
        // The flags were merged with what was read: nobody else's change is to be lost.
        expected_version: Some(was.version),
        name: args.name,
        spec: args.spec.spec(Some(&was.spec))?,
        start: args.start.edited(ctx, &was.payload)?,
        policies: Some(policies).filter(|policies| *policies != was.policies),
    };
    client.call::<ScheduleEdit>(&request).await
}
