//! The verbs of `clawflow cron`.

use super::{add, edit, list, next, run as fire, runs, show, status, toggle};
use crate::cli::{CliError, Ctx, Exit};
use clap::{Args, Subcommand};

/// What to do with schedules.
#[derive(Debug, Subcommand)]
pub(crate) enum CronCommand {
    /// make a schedule
    Add(Box<add::AddArgs>),
    /// list schedules, the newest first
    List(list::ListArgs),
    /// show a schedule
    Show(ScheduleArg),
    /// change a schedule
    Edit(Box<edit::EditArgs>),
    /// let a schedule fire again
    Enable(ScheduleArg),
    /// let a schedule fire no more
    Disable(ScheduleArg),
    /// delete a schedule with its history; what runs goes on
    Rm(ScheduleArg),
    /// fire a schedule now; its slots stay where they are
    Run(fire::RunArgs),
    /// list the runs of a schedule or of all, the newest first
    Runs(runs::RunsArgs),
    /// say whether schedules fire, and when the next one is due
    Status,
    /// print the times at which a schedule will fire
    Next(next::NextArgs),
}

/// Which schedule.
#[derive(Debug, Args)]
pub(crate) struct ScheduleArg {
    /// the schedule: its name, its id, or 8 or more characters of the id
    #[arg(value_name = "SCHEDULE")]
    pub(super) schedule: String,
}

impl CronCommand {
    /// Whether it starts work itself.
    pub(crate) fn drives(&self) -> bool {
        matches!(self, Self::Run(_))
    }
}

/// Does it.
pub(crate) async fn run(ctx: &Ctx, command: CronCommand) -> Result<Exit, CliError> {
    use CronCommand as C;
    match command {
        C::Add(args) => add::run(ctx, *args).await,
        C::List(args) => list::run(ctx, args).await,
        C::Show(args) => show::run(ctx, args).await,
        C::Edit(args) => edit::run(ctx, *args).await,
        C::Enable(args) => toggle::enable(ctx, args).await,
        C::Disable(args) => toggle::disable(ctx, args).await,
        C::Rm(args) => toggle::remove(ctx, args).await,
        C::Run(args) => fire::run(ctx, args).await,
        C::Runs(args) => runs::run(ctx, args).await,
        C::Status => status::run(ctx).await,
        C::Next(args) => next::run(ctx, args).await,
    }
}
