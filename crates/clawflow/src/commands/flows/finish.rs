//! `clawflow flows finish`.

use super::steer::{self, PatchArgs, Target};
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::input::Input;
use clap::Args;
use clawflow_engine::api::{FlowFinish, FlowFinishRequest};

/// Which flow ends well.
#[derive(Debug, Args)]
#[command(after_help = "\
Prints the flow's id, its revision and its status. For example:
  clawflow flows finish \"$flow\" --expected-revision \"$revision\" --state @state.json")]
pub(crate) struct FinishArgs {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    patch: PatchArgs,
}

/// Ends it.
pub(crate) async fn run(ctx: &Ctx, args: FinishArgs) -> Result<Exit, CliError> {
    let request = FlowFinishRequest {
        flow: args.target.flow.flow,
        expected_revision: args.target.expected_revision,
        current_step: args.patch.current_step(),
        state_json: args.patch.state(&mut Input::default())?,
    };
    steer::run::<FlowFinish>(ctx, &args.target.binding, &request).await
}
