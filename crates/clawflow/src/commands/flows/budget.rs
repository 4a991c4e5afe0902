//! `clawflow flows budget`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::{FlowArg, duration_ms, person};
use crate::commands::client::Client;
use crate::show::flow_line;
use clap::Args;
use clawflow_core::budget::Budget;
use clawflow_engine::api::{FlowBudget, FlowBudgetRequest};

/// What the flow may use.
#[derive(Debug, Args)]
#[command(after_help = "\
What is given counts from the beginning of the flow, its tasks and child flows included: a flow
that has used 1000 of 1000 tokens goes on with `--tokens 2000`. What is left out stays as it is.")]
pub(crate) struct BudgetArgs {
    #[command(flatten)]
    flow: FlowArg,
    #[command(flatten)]
    limits: LimitArgs,
    /// take every limit away that is not given
    #[arg(long)]
    replace: bool,
    /// only if the flow still has this revision
    #[arg(long, value_name = "N")]
    expected_revision: Option<u64>,
    /// who decides it [default: the user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "what may be used")]
struct LimitArgs {
    /// tokens of models, read and written
    #[arg(long, value_name = "N")]
    tokens: Option<u64>,
    /// US dollars
    #[arg(long, value_name = "USD")]
    usd: Option<f64>,
    /// turns of agents
    #[arg(long, value_name = "N")]
    turns: Option<u64>,
    /// time since it was made, waiting included
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    time: Option<u64>,
}

impl LimitArgs {
    fn budget(&self) -> Budget {
        Budget { tokens: self.tokens, cost_usd: self.usd, turns: self.turns, wall_ms: self.time }
    }
}

/// Sets it.
pub(crate) async fn run(ctx: &Ctx, args: BudgetArgs) -> Result<Exit, CliError> {
    let budget = args.limits.budget();
    if budget.is_empty() && !args.replace {
        let hint = "--tokens N, --usd N, --turns N or --time DURATION; --replace lifts all limits";
        return Err(CliError::usage("no limit is given").hint(hint));
    }
    let request = FlowBudgetRequest {
        flow: args.flow.flow,
        budget,
        replace: args.replace,
        expected_revision: args.expected_revision,
        by: person(args.by.as_deref(), &ctx.env),
    };
    let client = Client::open(ctx).await?;
    let changed = client.call::<FlowBudget>(&request).await;
    if let Ok(flow) = &changed {
        client.hint_if_undriven(ctx, flow).await;
    }
    let flow = client.close(changed).await?;
    match ctx.mode.json {
        true => ctx.mode.print_json(&flow)?,
        false => ctx.mode.print(&flow_line("set the budget of", &flow))?,
    }
    Ok(Exit::Done)
}
