//! `clawflow flows list`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::{label, moment, word};
use crate::commands::client::ask;
use crate::show::{Cell, Table, ago, now};
use clap::Args;
use clawflow_core::Millis;
use clawflow_core::flow::FlowStatus;
use clawflow_engine::api::{FlowLine, FlowList, FlowListRequest, FlowListResponse};

/// Which flows to list.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// only these: queued, running, waiting, blocked, succeeded, failed, cancelled, lost
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = word::<FlowStatus>)]
    status: Vec<FlowStatus>,
    /// only those of this owner
    #[arg(long, value_name = "SESSION")]
    owner: Option<String>,
    /// only the child flows of this flow
    #[arg(long, value_name = "FLOW")]
    parent: Option<String>,
    /// only those made since then: a duration or a date
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    since: Option<Millis>,
    /// only those of the workflow with this name
    #[arg(long)]
    name: Option<String>,
    /// only those with this label; may be given more than once
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    labels: Vec<String>,
    /// also those that ended more than 24 hours ago
    #[arg(long)]
    all: bool,
    /// at most so many [default: 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: Option<u16>,
    /// only those after this id in the list: the next page
    #[arg(long, value_name = "ID")]
    after: Option<String>,
}

/// Lists them.
pub(crate) async fn run(ctx: &Ctx, args: ListArgs) -> Result<Exit, CliError> {
    let request = FlowListRequest {
        status: args.status,
        owner: args.owner,
        parent: args.parent,
        since: args.since,
        name: args.name,
        label: args.labels,
        retried: None,
        all: args.all,
        limit: args.limit.map(usize::from),
        after: args.after,
    };
    let page = ask::<FlowList>(ctx, &request).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&page)?;
        return Ok(Exit::Done);
    }
    let mut text = format!("{}\n", summary(&page));
    if !page.flows.is_empty() {
        text.push_str(&table(&page.flows).render(ctx.mode));
    }
    ctx.mode.print(&text)?;
    if let Some(next) = &page.next {
        ctx.mode.note(&format!("hint: there are more: add --after {next}"));
    }
    Ok(Exit::Done)
}

fn summary(page: &FlowListResponse) -> String {
    let count = |status| page.counts.get(&status).copied().unwrap_or(0);
    let active = count(FlowStatus::Running) + count(FlowStatus::Queued);
    let total: u64 = page.counts.values().sum();
    format!(
        "{active} active · {} waiting · {} blocked · {} cancel-requested · {total} total",
        count(FlowStatus::Waiting),
        count(FlowStatus::Blocked),
        page.cancel_requested,
    )
}

fn table(flows: &[FlowLine]) -> Table {
    let now = now();
    let header = ["FLOW", "KEY", "MODE", "STATUS", "REV", "STEP", "TASKS", "AGE", "GOAL"];
    let mut table = Table::new(header);
    for line in flows {
        let flow = &line.flow;
        table.row([
            Cell::text(flow.flow_id.short()),
            Cell::maybe(flow.key.as_deref()),
            Cell::text(flow.sync_mode.as_str()),
            Cell::status(flow.status.as_str()),
            Cell::number(flow.revision),
            Cell::maybe(flow.current_step.as_deref()),
            Cell::text(format!("{} active/{}", line.tasks_active, line.tasks_total)),
            Cell::text(ago(flow.created_at, now)),
            Cell::text(&flow.goal),
        ]);
    }
    table
}
