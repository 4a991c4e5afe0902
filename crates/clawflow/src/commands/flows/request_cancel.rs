//! `clawflow flows request-cancel`.

use super::steer::{self, PatchArgs, Target};
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::input::Input;
use clap::Args;
use clawflow_engine::api::{FlowRequestCancel, FlowRequestCancelRequest};

/// Which flow is to be cancelled, and why.
#[derive(Debug, Args)]
#[command(after_help = "\
The children go on to their ends; `clawflow flows cancel` stops them. Prints the flow's id, its
revision and its status.")]
pub(crate) struct RequestCancelArgs {
    #[command(flatten)]
    target: Target,
    /// why, for the record
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    reason: String,
    #[command(flatten)]
    patch: PatchArgs,
    /// the controller's note of what it waits for: JSON, @FILE or @-
    #[arg(long, value_name = "JSON")]
    wait_json: Option<String>,
}

/// Records the intent.
pub(crate) async fn run(ctx: &Ctx, args: RequestCancelArgs) -> Result<Exit, CliError> {
    let mut input = Input::default();
    let request = FlowRequestCancelRequest {
        flow: args.target.flow.flow,
        expected_revision: args.target.expected_revision,
        reason: args.reason,
        current_step: args.patch.current_step(),
        state_json: args.patch.state(&mut input)?,
        wait_json: input.maybe_json("--wait-json", args.wait_json.as_deref())?,
    };
    steer::run::<FlowRequestCancel>(ctx, &args.target.binding, &request).await
}
