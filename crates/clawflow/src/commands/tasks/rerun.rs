//! `clawflow tasks rerun`.

use super::run::{at_end, told};
use super::verbs::TaskArg;
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::client::Client;
use crate::open::Want;
use clap::Args;
use clawflow_engine::api::{TaskRerun, TaskRerunRequest};

/// Which task.
#[derive(Debug, Args)]
pub(crate) struct RerunArgs {
    #[command(flatten)]
    task: TaskArg,
    /// wait for its end
    #[arg(long)]
    wait: bool,
}

/// Runs it again.
pub(crate) async fn run(ctx: &Ctx, args: RerunArgs) -> Result<Exit, CliError> {
    let client = match args.wait {
        true => Client::open_for(ctx, Want::ForegroundRun).await?,
        false => Client::at_gateway(ctx, "add --wait, or start a gateway after it").await?,
    };
    let request = TaskRerunRequest { task: args.task.task, idempotency_key: None };
    let ran = match client.call::<TaskRerun>(&request).await {
        Ok(task) if args.wait => at_end(ctx, &client, task).await,
        other => other,
    };
    let task = client.close(ran).await?;
    told(ctx, &task, args.wait)
}
