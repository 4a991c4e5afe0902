//! `clawflow flows events`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::client::ask;
use crate::show::{Cell, Table, moment, now};
use clap::Args;
use clawflow_core::event::StoredEvent;
use clawflow_engine::api::{FlowEvents, FlowEventsRequest};
use serde_json::Value;

/// Longest detail of an event in a table, in characters.
const DETAIL_CHARS: usize = 200;

/// Which events to list.
#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    /// only those of this flow
    #[arg(value_name = "FLOW")]
    flow: Option<String>,
    /// only those after this position
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    after: u64,
    /// at most so many [default: 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: Option<u16>,
}

/// Lists them.
pub(crate) async fn run(ctx: &Ctx, args: EventsArgs) -> Result<Exit, CliError> {
    let of_one = args.flow.is_some();
    let request = FlowEventsRequest {
        flow: args.flow,
        after: args.after,
        limit: args.limit.map(usize::from),
    };
    let page = ask::<FlowEvents>(ctx, &request).await?;
    if ctx.mode.json {
        page.events.iter().try_for_each(|event| ctx.mode.print_json_line(event))?;
    } else {
        ctx.mode.print(&table(&page.events, of_one).render(ctx.mode))?;
    }
    if let Some(next) = page.next {
        ctx.mode.note(&format!("hint: there may be more: add --after {next}"));
    }
    Ok(Exit::Done)
}

fn table(events: &[StoredEvent], of_one: bool) -> Table {
    let now = now();
    let mut table = Table::new(["NO", "TIME", "EVENT", "STEP", "TASK", "DETAILS"]);
    for StoredEvent { seq, event } in events {
        let task = event.task_id.as_deref().map(last_eight);
        let subject = if of_one { String::new() } else { last_eight(&event.subject) };
        let details = format!("{subject} {}", details(&event.data));
        table.row([
            Cell::number(if of_one { event.number } else { *seq }),
            Cell::text(moment(event.at, now)),
            Cell::text(&event.kind),
            Cell::maybe(event.step_id.as_deref()),
            Cell::maybe(task),
            Cell::text(details.trim().chars().take(DETAIL_CHARS).collect::<String>()),
        ]);
    }
    table
}

/// The members that say something.
fn details(data: &Value) -> String {
    match data {
        Value::Null => String::new(),
        Value::Object(members) => {
            let said = members.iter().filter(|(_, value)| !value.is_null());
            let said: Vec<String> = said.map(|(name, value)| format!("{name}={value}")).collect();
            said.join(" ")
        }
        data => data.to_string(),
    }
}

fn last_eight(id: &str) -> String {
    let skip = id.chars().count().saturating_sub(8);
    id.chars().skip(skip).collect()
}
