//! What the commands that move a flow driven by code have in common: which flow, on which revision,
//! for whom, what is written beside, and the one line that comes back.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::FlowArg;
use crate::commands::binding::BindingArgs;
use crate::commands::client::ask_as;
use crate::commands::input::Input;
use crate::show::flow_words;
use clap::Args;
use clawflow_core::flow::Flow;
use clawflow_engine::api::Call;
use serde_json::Value;

/// Which flow, on which revision, for whom.
#[derive(Debug, Args)]
pub(super) struct Target {
    #[command(flatten)]
    pub(super) flow: FlowArg,
    /// refuse if the flow has another revision by now
    #[arg(long, value_name = "N")]
    pub(super) expected_revision: Option<u64>,
    #[command(flatten)]
    pub(super) binding: BindingArgs,
}

/// What the controller writes beside the status.
#[derive(Debug, Args)]
pub(super) struct PatchArgs {
    /// the step at work, for people
    #[arg(long, value_name = "STEP")]
    current_step: Option<String>,
    /// no step is at work
    #[arg(long, conflicts_with = "current_step")]
    clear_current_step: bool,
    /// the controller's state: JSON, @FILE that has it, or @- for standard input
    #[arg(long, value_name = "JSON")]
    state: Option<String>,
}

impl PatchArgs {
    /// Left out keeps it, `Some(None)` clears it.
    pub(super) fn current_step(&self) -> Option<Option<String>> {
        match self.clear_current_step {
            true => Some(None),
            false => self.current_step.clone().map(Some),
        }
    }

    /// The state, if one is given.
    pub(super) fn state(&self, input: &mut Input) -> Result<Option<Value>, CliError> {
        input.maybe_json("--state", self.state.as_deref())
    }
}

/// Carries out a command that answers with the flow, and tells how it stands.
pub(super) async fn run<C: Call<Response = Flow>>(
    ctx: &Ctx,
    binding: &BindingArgs,
    request: &C::Request,
) -> Result<Exit, CliError> {
    tell(ctx, &ask_as::<C>(ctx, binding.caller(ctx)?, request).await?)
}

/// `FLOW REVISION STATUS`, or the record.
pub(super) fn tell(ctx: &Ctx, flow: &Flow) -> Result<Exit, CliError> {
    match ctx.mode.json {
        true => ctx.mode.print_json(flow)?,
        false => ctx.mode.print(&format!("{}\n", flow_words(flow)))?,
    }
    Ok(Exit::Done)
}
