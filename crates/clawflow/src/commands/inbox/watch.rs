//! `clawflow inbox watch`.

use super::ack::ack;
use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::person;
use crate::commands::binding::BindingArgs;
use crate::commands::client::Client;
use crate::open::Want;
use crate::show::about_id;
use clap::Args;
use clawflow_core::delivery::Delivery;
use clawflow_engine::api::{Caller, InboxList, InboxListRequest, WAIT_MS_MAX};
use std::time::Duration;

/// Pause between two tries to find the gateway again.
const PAUSE: Duration = Duration::from_millis(500);

/// Whose messages, and whether they are acknowledged.
#[derive(Debug, Args)]
#[command(after_help = "\
Begins with the messages that were not acknowledged. Prints a line for each: its id, the id of
the flow or task that it is about, its text; with --json the record. Needs a gateway, and waits
for the next one when it goes. Ctrl-C ends it with exit code 130. For example:
  clawflow inbox watch --session agent:main:main --ack --json | while read -r message; do …; done")]
pub(crate) struct WatchArgs {
    /// acknowledge each message once it is printed
    #[arg(long)]
    ack: bool,
    /// only those after this place: `place` of the last one that was seen
    #[arg(long, value_name = "PLACE")]
    after: Option<String>,
    #[command(flatten)]
    binding: BindingArgs,
}

/// Prints them.
pub(crate) async fn run(ctx: &Ctx, args: WatchArgs) -> Result<Exit, CliError> {
    let caller = args.binding.caller(ctx)?;
    let mut watch = Watch { ctx, caller, ack: args.ack, after: args.after };
    // The first try says what is wrong; later ones wait until it is not any more.
    let mut client = watch.open().await?;
    loop {
        let Err(error) = watch.follow(&client).await else { continue };
        if error.exit != Exit::Unavailable {
            return Err(error);
        }
        ctx.mode.note("the gateway is gone: waiting for the next one");
        client = watch.reopen().await?;
    }
}

struct Watch<'c> {
    ctx: &'c Ctx,
    caller: Caller,
    ack: bool,
    after: Option<String>,
}

impl Watch<'_> {
    async fn open(&self) -> Result<Client, CliError> {
        let client = Client::open_for(self.ctx, Want::Client).await?;
        Ok(client.acting_as(self.caller.clone()))
    }

    async fn reopen(&self) -> Result<Client, CliError> {
        loop {
            tokio::time::sleep(PAUSE).await;
            match self.open().await {
                Err(error) if error.exit == Exit::Unavailable => {}
                opened => return opened,
            }
        }
    }

    /// Prints the next messages, which it waits for if there are none.
    async fn follow(&mut self, client: &Client) -> Result<(), CliError> {
        let request = InboxListRequest {
            owner: None,
            all: false,
            limit: None,
            after: self.after.clone(),
            timeout_ms: WAIT_MS_MAX,
        };
        let page = client.call::<InboxList>(&request).await?;
        for delivery in &page.deliveries {
            match self.ctx.mode.json {
                true => self.ctx.mode.print_json_line(delivery)?,
                false => self.ctx.mode.print(&line(delivery))?,
            }
            if self.ack {
                let by = person(None, &self.ctx.env);
                ack(client, vec![delivery.delivery_id.0.clone()], &by).await?;
            }
            // A message that is sent again comes again, under a new place.
            self.after = delivery.place.map(|place| place.to_string()).or(self.after.take());
        }
        Ok(())
    }
}

fn line(delivery: &Delivery) -> String {
    let id = escape(&delivery.delivery_id.0);
    format!("{id} {} {}\n", escape(about_id(delivery).unwrap_or("-")), escape(&delivery.content))
}
