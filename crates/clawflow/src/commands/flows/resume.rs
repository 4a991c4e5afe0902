//! `clawflow flows resume`.

use super::steer::{self, PatchArgs, Target};
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::input::Input;
use clap::Args;
use clawflow_core::flow::FlowStatus;
use clawflow_engine::api::{FlowResume, FlowResumeRequest};

/// Which flow goes on, and how.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints the flow's id, its revision and its status. For example:
  clawflow flows resume \"$flow\" --expected-revision \"$revision\" --current-step send")]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    target: Target,
    /// queued, instead of running
    #[arg(long)]
    queued: bool,
    #[command(flatten)]
    patch: PatchArgs,
}

/// Goes on with it.
pub(crate) async fn run(ctx: &Ctx, args: ResumeArgs) -> Result<Exit, CliError> {
    let request = FlowResumeRequest {
        flow: args.target.flow.flow,
        expected_revision: args.target.expected_revision,
        status: args.queued.then_some(FlowStatus::Queued),
        current_step: args.patch.current_step(),
        state_json: args.patch.state(&mut Input::default())?,
    };
    steer::run::<FlowResume>(ctx, &args.target.binding, &request).await
}
