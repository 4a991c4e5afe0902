//! `clawflow flows retry`.

use super::many::{Deed, ManyArgs, each};
use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::client::Client;
use crate::show::flow_name;
use clap::Args;
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_engine::api::{FlowRetry, FlowRetryRequest};

/// Which flow to try again, and from where.
#[derive(Debug, Args)]
#[command(after_help = "\
What has a recorded result keeps it: without --from what failed is tried again, with it the step
and all that stands on it. Programs see the idempotency keys of the first flow again. Many flows
are chosen by --status and what goes with it; those that were tried again already, and flows that
are steps of others, are passed over.")]
pub(crate) struct RetryArgs {
    /// the flow: its id, the last 8 or more characters of it, its key or its owner
    #[arg(value_name = "FLOW", required_unless_present = "status", conflicts_with = "status")]
    flow: Option<String>,
    /// run this step and all that stands on it anew; what is before it stays as it ended
    #[arg(long, value_name = "STEP")]
    from: Option<String>,
    #[command(flatten)]
    many: ManyArgs,
}

/// Makes the new flow, or many.
pub(crate) async fn run(ctx: &Ctx, args: RetryArgs) -> Result<Exit, CliError> {
    let RetryArgs { flow, from, many } = args;
    let Some(flow) = flow else { return retry_many(ctx, from, &many).await };
    let client = Client::open(ctx).await?;
    let request = FlowRetryRequest { flow, from: from.clone(), idempotency_key: None };
    let retried = client.call::<FlowRetry>(&request).await;
    if let Ok(flow) = &retried {
        client.hint_if_undriven(ctx, flow).await;
    }
    let flow = client.close(retried).await?;
    match ctx.mode.json {
        true => ctx.mode.print_json(&flow)?,
        false => ctx.mode.print(&line(&flow, from.as_deref()))?,
    }
    Ok(Exit::Done)
}

async fn retry_many(ctx: &Ctx, from: Option<String>, many: &ManyArgs) -> Result<Exit, CliError> {
    let deed = Deed {
        verb: "retry",
        fits: &|status: FlowStatus| status.is_terminal() && status != FlowStatus::Succeeded,
        // The retry of its parent makes it anew.
        spares: &|flow: &Flow| flow.parent_flow_id.is_some(),
        unretried: true,
        act: async |client: &Client, flow: &Flow| {
            let id = flow.flow_id.0.clone();
            // Whoever gives the command once more, or twice at once, gets the same flow.
            let idempotency_key = Some(format!("bulk-retry/{id}"));
            let request = FlowRetryRequest { flow: id, from: from.clone(), idempotency_key };
            let made = client.call::<FlowRetry>(&request).await?;
            let line = line(&made, from.as_deref());
            Ok((made, line))
        },
    };
    each(ctx, many, deed).await
}

fn line(flow: &Flow, from: Option<&str>) -> String {
    let old = flow.retry_of.as_ref().map_or("the flow", |id| id.as_str());
    let from = from.map(|step| format!(", from {} on", escape(step))).unwrap_or_default();
    format!("{} tries {old} again{from}\n", flow_name(flow))
}
