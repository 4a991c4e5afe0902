//! The verbs of `clawflow tasks`.

use super::{cancel, list, logs, run as start, show};
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::flows::{self, FlowsCommand};
use clap::{Args, Subcommand};

/// What to do with tasks.
#[derive(Debug, Subcommand)]
pub(crate) enum TasksCommand {
    /// list tasks, the newest first
    List(list::ListArgs),
    /// show a task
    Show(TaskArg),
    /// stop a task
    Cancel(cancel::CancelArgs),
    /// print what a task wrote
    Logs(logs::LogsArgs),
    /// run a command as a task of its own
    Run(start::RunArgs),
    /// the commands of `clawflow flows`
    #[command(subcommand)]
    Flow(FlowsCommand),
}

/// Which task.
#[derive(Debug, Args)]
pub(crate) struct TaskArg {
    /// the task: its id, the last 8 or more characters of it, its run id or its session
    #[arg(value_name = "TASK")]
    pub(super) task: String,
}

impl TasksCommand {
    /// Whether it drives work itself.
    pub(crate) fn drives(&self) -> bool {
        matches!(self, Self::Run(_))
    }
}

/// Does it.
pub(crate) async fn run(ctx: &Ctx, command: Option<TasksCommand>) -> Result<Exit, CliError> {
    match command {
        None => list::run(ctx, list::ListArgs::default()).await,
        Some(TasksCommand::List(args)) => list::run(ctx, args).await,
        Some(TasksCommand::Show(args)) => show::run(ctx, args).await,
        Some(TasksCommand::Cancel(args)) => cancel::run(ctx, args).await,
        Some(TasksCommand::Logs(args)) => logs::run(ctx, args).await,
        Some(TasksCommand::Run(args)) => start::run(ctx, args).await,
        Some(TasksCommand::Flow(command)) => flows::run(ctx, command).await,
    }
}
