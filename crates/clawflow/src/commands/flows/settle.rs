//! `clawflow flows settle`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::{FlowArg, person};
use crate::commands::client::Client;
use crate::commands::input::Input;
use crate::show::flow_line;
use clap::Args;
use clawflow_engine::api::{FlowSettle, FlowSettleRequest, SettleHow};

/// How to settle a step in doubt.
#[derive(Debug, Args)]
pub(crate) struct SettleArgs {
    #[command(flatten)]
    flow: FlowArg,
    /// the step; needed where more than one is in doubt
    #[arg(long, value_name = "STEP")]
    step: Option<String>,
    #[command(flatten)]
    how: How,
    /// the step's result as JSON, or @FILE that has it; with --succeeded
    #[arg(long, value_name = "JSON")]
    result: Option<String>,
    /// who decides [default: the user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct How {
    /// run it again
    #[arg(long)]
    rerun: bool,
    /// it did its work
    #[arg(long)]
    succeeded: bool,
    /// go on without it
    #[arg(long)]
    skip: bool,
    /// it counts as failed
    #[arg(long)]
    fail: bool,
}

impl How {
    fn settle(&self) -> SettleHow {
        match self {
            Self { rerun: true, .. } => SettleHow::Rerun,
            Self { succeeded: true, .. } => SettleHow::Succeeded,
            Self { skip: true, .. } => SettleHow::Skip,
            // invariant: the parser asks for exactly one.
            Self { .. } => SettleHow::Fail,
        }
    }
}

/// Settles it.
pub(crate) async fn run(ctx: &Ctx, args: SettleArgs) -> Result<Exit, CliError> {
    // The parser's `requires` does not see into the group of flags.
    if args.result.is_some() && !args.how.succeeded {
        return Err(CliError::usage("--result goes with --succeeded only"));
    }
    let request = FlowSettleRequest {
        flow: args.flow.flow,
        step: args.step,
        how: args.how.settle(),
        result: Input::default().maybe_json("--result", args.result.as_deref())?,
        by: person(args.by.as_deref(), &ctx.env),
    };
    let client = Client::open(ctx).await?;
    let settled = client.call::<FlowSettle>(&request).await;
    if let Ok(flow) = &settled {
        client.hint_if_undriven(ctx, flow).await;
    }
    let flow = client.close(settled).await?;
    match ctx.mode.json {
        true => ctx.mode.print_json(&flow)?,
        false => ctx.mode.print(&flow_line("settled", &flow))?,
    }
    Ok(Exit::Done)
}
