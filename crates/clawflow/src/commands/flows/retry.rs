//! `clawflow flows retry`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::FlowArg;
use crate::commands::client::Client;
use crate::show::flow_name;
use clawflow_engine::api::{FlowRef, FlowRetry};

/// Makes the new flow.
pub(crate) async fn run(ctx: &Ctx, args: FlowArg) -> Result<Exit, CliError> {
    let client = Client::open(ctx).await?;
    let retried = client.call::<FlowRetry>(&FlowRef { flow: args.flow }).await;
    if let Ok(flow) = &retried {
        client.hint_if_undriven(ctx, flow).await;
    }
    let flow = client.close(retried).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&flow)?;
    } else {
        let old = flow.retry_of.as_ref().map_or("the flow", |id| id.as_str());
        ctx.mode.print(&format!("{} tries {old} again\n", flow_name(&flow)))?;
    }
    Ok(Exit::Done)
}
