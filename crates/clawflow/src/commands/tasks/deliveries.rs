//! `clawflow tasks deliveries`, `redeliver` and `dismiss`: messages that are owed.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::{person, word};
use crate::commands::binding::BindingArgs;
use crate::commands::client::ask_as;
use crate::commands::messages::tell_page;
use crate::show::{Cell, Table, about, ago, now, route, until};
use clap::Args;
use clawflow_core::delivery::{Delivery, DeliveryState};
use clawflow_engine::api::{
    DeliveryDismiss, DeliveryList, DeliveryListRequest, DeliveryListResponse, DeliveryRedeliver,
    DeliveryRef,
};

/// Which messages to list.
#[derive(Debug, Args)]
pub(crate) struct DeliveriesArgs {
    /// only about this flow
    #[arg(long, value_name = "FLOW")]
    flow: Option<String>,
    /// only about this task
    #[arg(long, value_name = "TASK")]
    task: Option<String>,
    /// only these: pending, delivered, session_queued, acknowledged, failed, dismissed
    #[arg(long, value_name = "STATE", value_delimiter = ',', value_parser = word::<DeliveryState>)]
    state: Vec<DeliveryState>,
    /// at most so many [default: 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: Option<u16>,
    /// only those after this id in the list: the next page
    #[arg(long, value_name = "ID")]
    after: Option<String>,
    #[command(flatten)]
    binding: BindingArgs,
}

/// What to send again, or to drop.
#[derive(Debug, Args)]
pub(crate) struct DeliveryArgs {
    /// the message, or the task or flow whose messages are meant
    #[arg(value_name = "ID")]
    delivery: String,
    /// who asks [default: the user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    binding: BindingArgs,
}

/// Lists them, the newest first.
pub(crate) async fn list(ctx: &Ctx, args: DeliveriesArgs) -> Result<Exit, CliError> {
    let request = DeliveryListRequest {
        owner: None,
        flow: args.flow,
        task: args.task,
        state: args.state,
        limit: args.limit.map(usize::from),
        after: args.after,
    };
    let page = ask_as::<DeliveryList>(ctx, args.binding.caller(ctx)?, &request).await?;
    tell_page(ctx, &page, table)
}

fn table(deliveries: &[Delivery]) -> Table {
    let now = now();
    let header = ["MESSAGE", "ABOUT", "ROUTE", "STATE", "TRIES", "AGE", "NEXT", "WHAT"];
    let mut table = Table::new(header);
    for delivery in deliveries {
        let what = delivery.error.as_deref().unwrap_or(&delivery.content);
        table.row([
            Cell::text(&delivery.delivery_id.0),
            Cell::maybe(about(delivery)),
            Cell::text(route(delivery)),
            Cell::status(delivery.state.as_str()),
            Cell::number(delivery.attempts.into()),
            Cell::text(ago(delivery.created_at, now)),
            Cell::maybe(delivery.due_at.map(|at| until(at, now))),
            Cell::text(what),
        ]);
    }
    table
}

/// Sends them again.
pub(crate) async fn redeliver(ctx: &Ctx, args: DeliveryArgs) -> Result<Exit, CliError> {
    let (caller, request) = (args.binding.caller(ctx)?, request(ctx, args));
    tell(ctx, &ask_as::<DeliveryRedeliver>(ctx, caller, &request).await?)
}

/// Drops them.
pub(crate) async fn dismiss(ctx: &Ctx, args: DeliveryArgs) -> Result<Exit, CliError> {
    let (caller, request) = (args.binding.caller(ctx)?, request(ctx, args));
    tell(ctx, &ask_as::<DeliveryDismiss>(ctx, caller, &request).await?)
}

fn request(ctx: &Ctx, args: DeliveryArgs) -> DeliveryRef {
    DeliveryRef { delivery: args.delivery, by: person(args.by.as_deref(), &ctx.env) }
}

/// `MESSAGE STATE` for each, or the records.
fn tell(ctx: &Ctx, answer: &DeliveryListResponse) -> Result<Exit, CliError> {
    if ctx.mode.json {
        ctx.mode.print_json(answer)?;
        return Ok(Exit::Done);
    }
    let line = |d: &Delivery| format!("{} {}\n", escape(&d.delivery_id.0), d.state);
    ctx.mode.print(&answer.deliveries.iter().map(line).collect::<String>())?;
    if answer.deliveries.is_empty() {
        ctx.mode.note("no messages");
    }
    Ok(Exit::Done)
}
