//! `clawflow inbox ack`.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::person;
use crate::commands::binding::BindingArgs;
use crate::commands::client::Client;
use clap::Args;
use clawflow_core::delivery::Delivery;
use clawflow_engine::api::{InboxAck, InboxAckRequest, InboxList, InboxListRequest};

/// Messages of one call.
const PAGE: usize = 1000;

/// Which messages.
#[derive(Debug, Args)]
pub(crate) struct AckArgs {
    /// the messages; those that are acknowledged already are no error
    #[arg(value_name = "ID", required_unless_present = "all")]
    ids: Vec<String>,
    /// all that are there now
    #[arg(long, conflicts_with = "ids")]
    all: bool,
    /// who acknowledges [default: the user]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    binding: BindingArgs,
}

/// Acknowledges them.
pub(crate) async fn run(ctx: &Ctx, args: AckArgs) -> Result<Exit, CliError> {
    // Without an owner `--all` would empty the inboxes of everybody.
    let caller = match args.all {
        true => args.binding.owner(ctx)?,
        false => args.binding.caller(ctx)?,
    };
    let by = person(args.by.as_deref(), &ctx.env);
    let client = Client::open_as(ctx, caller).await?;
    let done = match args.all {
        true => ack_all(&client, &by).await,
        false => ack(&client, args.ids, &by).await,
    };
    let deliveries = client.close(done).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&serde_json::json!({ "deliveries": deliveries }))?;
        return Ok(Exit::Done);
    }
    let line = |d: &Delivery| format!("{} {}\n", escape(&d.delivery_id.0), d.state);
    ctx.mode.print(&deliveries.iter().map(line).collect::<String>())?;
    if deliveries.is_empty() {
        ctx.mode.note("no messages");
    }
    Ok(Exit::Done)
}

/// Acknowledges the messages with these ids.
pub(super) async fn ack(
    client: &Client,
    ids: Vec<String>,
    by: &str,
) -> Result<Vec<Delivery>, CliError> {
    let request = InboxAckRequest { ids, by: by.to_owned() };
    Ok(client.call::<InboxAck>(&request).await?.deliveries)
}

/// Acknowledges what is there, page by page.
async fn ack_all(client: &Client, by: &str) -> Result<Vec<Delivery>, CliError> {
    let mut acknowledged = Vec::new();
    let mut request =
        InboxListRequest { owner: None, all: false, limit: Some(PAGE), after: None, timeout_ms: 0 };
    loop {
        let page = client.call::<InboxList>(&request).await?;
        if !page.deliveries.is_empty() {
            let ids = page.deliveries.into_iter().map(|d| d.delivery_id.0).collect();
            acknowledged.extend(ack(client, ids, by).await?);
        }
        match page.next {
            Some(next) => request.after = Some(next),
            None => return Ok(acknowledged),
        }
    }
}
