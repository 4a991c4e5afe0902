//! `clawflow cron run`.

use super::runs::{outcome, work};
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::client::Client;
use clap::Args;
use clawflow_core::schedule::{RunStatus, ScheduleRun};
use clawflow_engine::api::{ScheduleRef, ScheduleRunNow, ScheduleRuns, ScheduleRunsRequest};
use std::time::Duration;

/// Between two looks at a run whose end is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Which schedule to fire.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// the schedule: its name, its id, or 8 or more characters of the id
    #[arg(value_name = "SCHEDULE")]
    schedule: String,
    /// wait for the end of the run
    #[arg(long)]
    wait: bool,
}

/// Fires it.
pub(crate) async fn run(ctx: &Ctx, args: RunArgs) -> Result<Exit, CliError> {
    let client = Client::at_gateway(ctx, "start a gateway after it").await?;
    let request = ScheduleRef { schedule: args.schedule };
    let ran = match client.call::<ScheduleRunNow>(&request).await {
        Ok(run) if args.wait => until_ended(&client, run).await,
        other => other,
    };
    let run = client.close(ran).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&run)?;
    } else {
        ctx.mode.print(&format!("{}\n", run.run_id))?;
        let what = work(&run).map_or_else(String::new, |what| format!(" as {what}"));
        ctx.mode.note(&format!("{}{what}", outcome(&run)));
    }
    let is_bad = run.status.is_error() || run.status == RunStatus::Cancelled;
    Ok(if is_bad { Exit::Failed } else { Exit::Done })
}

async fn until_ended(client: &Client, run: ScheduleRun) -> Result<ScheduleRun, CliError> {
    let (id, schedule) = (run.run_id.clone(), run.schedule_id.0.clone());
    let mut run = run;
    while run.is_open() {
        tokio::time::sleep(LOOK_EVERY).await;
        let request = ScheduleRunsRequest {
            schedule: Some(schedule.clone()),
            limit: Some(1000),
            ..ScheduleRunsRequest::default()
        };
        let found = client.call::<ScheduleRuns>(&request).await?.runs;
        match found.into_iter().find(|run| run.run_id == id) {
            Some(found) => run = found,
            None => return Err(CliError::usage("the run is gone")),
        }
    }
    Ok(run)
}
