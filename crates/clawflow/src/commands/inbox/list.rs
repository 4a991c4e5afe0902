//! `clawflow inbox list`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::binding::BindingArgs;
use crate::commands::client::ask_as;
use crate::commands::messages::tell_page;
use crate::show::{Cell, Table, about, ago, now};
use clap::Args;
use clawflow_core::delivery::Delivery;
use clawflow_engine::api::{InboxList, InboxListRequest};

/// Which messages to list.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// also those that were acknowledged
    #[arg(long)]
    all: bool,
    /// at most so many [default: 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: Option<u16>,
    /// only those after this place in the list: the next page
    #[arg(long, value_name = "PLACE")]
    after: Option<String>,
    #[command(flatten)]
    binding: BindingArgs,
}

/// Lists them.
pub(crate) async fn run(ctx: &Ctx, args: ListArgs) -> Result<Exit, CliError> {
    let request = InboxListRequest {
        owner: None,
        all: args.all,
        limit: args.limit.map(usize::from),
        after: args.after,
        timeout_ms: 0,
    };
    let page = ask_as::<InboxList>(ctx, args.binding.caller(ctx)?, &request).await?;
    tell_page(ctx, &page, table)
}

fn table(deliveries: &[Delivery]) -> Table {
    let now = now();
    let mut table = Table::new(["MESSAGE", "ABOUT", "OWNER", "STATE", "AGE", "WHAT"]);
    for delivery in deliveries {
        table.row([
            Cell::text(&delivery.delivery_id.0),
            Cell::maybe(about(delivery)),
            Cell::text(&delivery.owner_key),
            Cell::status(delivery.state.as_str()),
            Cell::text(ago(delivery.created_at, now)),
            Cell::text(&delivery.content),
        ]);
    }
    table
}
