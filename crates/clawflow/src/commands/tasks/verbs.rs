//! The verbs of `clawflow tasks`.

use super::{
    audit, cancel, deliveries, list, logs, maintenance, notify, observe, ping_url, purge, report,
    rerun, run as start, show, wait, why, wrap,
};
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
    /// say why a task stands where it stands, and what would move it
    Why(TaskArg),
    /// wait for the end of a task
    Wait(wait::WaitArgs),
    /// stop a task
    Cancel(cancel::CancelArgs),
    /// print what a task wrote
    Logs(logs::LogsArgs),
    /// run a command as a task of its own
    Run(start::RunArgs),
    /// run the command of an ended task again, as a new task
    Rerun(rerun::RerunArgs),
    /// run a job of somebody else's, a crontab's for example, and record it
    Wrap(wrap::WrapArgs),
    /// say how a task goes that its caller runs
    Report(report::ReportArgs),
    /// make a URL by which a job elsewhere reports about itself; it is printed this once
    PingUrl(ping_url::PingUrlArgs),
    /// record a process that runs already, and follow it
    Observe(observe::ObserveArgs),
    /// change what the owner is told about a task
    Notify(notify::NotifyArgs),
    /// list the messages about tasks and flows on all routes, the newest first
    Deliveries(deliveries::DeliveriesArgs),
    /// send messages again
    Redeliver(deliveries::DeliveryArgs),
    /// drop messages: nothing is owed any more
    Dismiss(deliveries::DeliveryArgs),
    /// say what is wrong with flows, tasks, messages and schedules, and what mends it
    Audit(audit::AuditArgs),
    /// delete ended tasks that belong to no flow for good
    Purge(purge::PurgeArgs),
    /// look after the ledger: settle, end and delete what is due, or show what would be done
    Maintenance(maintenance::MaintenanceArgs),
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
        matches!(self, Self::Run(_) | Self::Rerun(_))
    }
}

/// Does it.
pub(crate) async fn run(ctx: &Ctx, command: Option<TasksCommand>) -> Result<Exit, CliError> {
    use TasksCommand as C;
    match command {
        None => list::run(ctx, list::ListArgs::default()).await,
        Some(C::List(args)) => list::run(ctx, args).await,
        Some(C::Show(args)) => show::run(ctx, args).await,
        Some(C::Why(args)) => why::run(ctx, args).await,
        Some(C::Wait(args)) => wait::run(ctx, args).await,
        Some(C::Cancel(args)) => cancel::run(ctx, args).await,
        Some(C::Logs(args)) => logs::run(ctx, args).await,
        Some(C::Run(args)) => start::run(ctx, args).await,
        Some(C::Rerun(args)) => rerun::run(ctx, args).await,
        Some(C::Wrap(args)) => wrap::run(ctx, args),
        Some(C::PingUrl(args)) => ping_url::run(ctx, args).await,
        Some(C::Observe(args)) => observe::run(ctx, args).await,
        Some(C::Report(args)) => report::run(ctx, args).await,
        Some(C::Notify(args)) => notify::run(ctx, args).await,
        Some(C::Deliveries(args)) => deliveries::list(ctx, args).await,
        Some(C::Redeliver(args)) => deliveries::redeliver(ctx, args).await,
        Some(C::Dismiss(args)) => deliveries::dismiss(ctx, args).await,
        Some(C::Audit(args)) => audit::run(ctx, args).await,
        Some(C::Purge(args)) => purge::run(ctx, args).await,
        Some(C::Maintenance(args)) => maintenance::run(ctx, args).await,
        Some(C::Flow(command)) => flows::run(ctx, command).await,
    }
}
