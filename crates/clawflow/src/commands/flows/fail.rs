//! `clawflow flows fail`.

use super::steer::{self, PatchArgs, Target};
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::input::Input;
use clap::Args;
use clawflow_engine::api::{FlowFail, FlowFailRequest};

/// Which flow ends badly, and why.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints the flow's id, its revision and its status. For example:
  clawflow flows fail \"$flow\" --error 'the mail server refused it'")]
pub(crate) struct FailArgs {
    #[command(flatten)]
    target: Target,
    /// why
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
    /// the task that is to blame
    #[arg(long, value_name = "TASK")]
    blocked_by: Option<String>,
    /// why, for people; as --error
    #[arg(long, value_name = "TEXT")]
    blocked_summary: Option<String>,
    #[command(flatten)]
    patch: PatchArgs,
}

/// Ends it.
pub(crate) async fn run(ctx: &Ctx, args: FailArgs) -> Result<Exit, CliError> {
    let request = FlowFailRequest {
        flow: args.target.flow.flow,
        expected_revision: args.target.expected_revision,
        current_step: args.patch.current_step(),
        state_json: args.patch.state(&mut Input::default())?,
        error: args.error,
        blocked_task_id: args.blocked_by.as_deref().map(Into::into),
        blocked_summary: args.blocked_summary,
    };
    steer::run::<FlowFail>(ctx, &args.target.binding, &request).await
}
