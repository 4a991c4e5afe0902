//! `clawflow tasks notify`.

use super::report::tell;
use super::verbs::TaskArg;
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::word;
use crate::commands::binding::BindingArgs;
use crate::commands::client::ask_as;
use clap::Args;
use clawflow_core::flow::NotifyPolicy;
use clawflow_engine::api::{TaskNotify, TaskNotifyRequest};

/// What the owner is told, about which task.
#[derive(Debug, Args)]
pub(crate) struct NotifyArgs {
    #[command(flatten)]
    task: TaskArg,
    /// done_only, state_changes or silent
    #[arg(value_name = "POLICY", value_parser = word::<NotifyPolicy>)]
    policy: NotifyPolicy,
    #[command(flatten)]
    binding: BindingArgs,
}

/// Changes it.
pub(crate) async fn run(ctx: &Ctx, args: NotifyArgs) -> Result<Exit, CliError> {
    let request = TaskNotifyRequest { task: args.task.task, notify_policy: args.policy };
    tell(ctx, &ask_as::<TaskNotify>(ctx, args.binding.caller(ctx)?, &request).await?)
}
