//! `clawflow queues`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::client::ask;
use crate::show::{Cell, Table, ago, now, until};
use clap::Args;
use clawflow_core::Millis;
use clawflow_core::ids::FlowId;
use clawflow_engine::api::{QueueList, QueueListRequest, QueueListResponse, QueueTask, QueueView};

/// Which queues to show.
#[derive(Debug, Args)]
pub(crate) struct QueuesArgs {
    /// only this one, with what runs and what waits in it
    queue: Option<String>,
    /// at most so many of those that wait [default: 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: Option<u16>,
}

/// Shows them.
pub(crate) async fn run(ctx: &Ctx, args: QueuesArgs) -> Result<Exit, CliError> {
    let one = args.queue.is_some();
    let request = QueueListRequest { queue: args.queue, limit: args.limit.map(usize::from) };
    let page = ask::<QueueList>(ctx, &request).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&page)?;
        return Ok(Exit::Done);
    }
    if page.queues.is_empty() {
        ctx.mode.note("no queues");
        ctx.mode.note("hint: a section [queues.NAME] of the configuration makes one");
        return Ok(Exit::Done);
    }
    ctx.mode.print(&overview(&page).render(ctx.mode))?;
    for queue in page.queues.iter().filter(|_| one) {
        let shown = queue.running.len() + queue.line.len();
        if shown > 0 {
            ctx.mode.print(&format!("\n{}", tasks(queue).render(ctx.mode)))?;
        }
        let more = queue.waiting.saturating_sub(queue.line.len() as u64);
        if more > 0 {
            ctx.mode.note(&format!("hint: {more} more wait: add --limit N"));
        }
    }
    for queue in page.queues.iter().filter(|queue| !queue.configured) {
        let name = &queue.name;
        ctx.mode.note(&format!("{name} is not configured any more: it limits nothing"));
    }
    Ok(Exit::Done)
}

fn overview(page: &QueueListResponse) -> Table {
    let now = now();
    let header = ["QUEUE", "CONCURRENCY", "RATE", "PRIORITY", "RUNNING", "WAITING", "HELD BY"];
    let mut table = Table::new(header);
    for queue in &page.queues {
        table.row([
            Cell::text(&queue.name),
            Cell::maybe(queue.concurrency.map(|most| most.to_string())),
            Cell::maybe(queue.rate.as_deref()),
            Cell::text(queue.priority.to_string()),
            Cell::number(queue.running.len() as u64),
            Cell::number(queue.waiting),
            Cell::maybe(queue.held.as_deref().map(|why| held(why, queue.next_at, now))),
        ]);
    }
    table
}

fn held(why: &str, next_at: Option<Millis>, now: Millis) -> String {
    match next_at {
        Some(at) => format!("{why} until {}", until(at, now)),
        None => why.to_owned(),
    }
}

/// What runs, then what waits in its order.
fn tasks(queue: &QueueView) -> Table {
    let now = now();
    let header = ["TASK", "FLOW", "STEP", "OWNER", "PRIORITY", "STATE", "SINCE"];
    let mut table = Table::new(header);
    for task in queue.running.iter().chain(&queue.line) {
        let QueueTask { task_id, flow_id, step_id, owner_key, priority, since, why } = task;
        let state = match why {
            None => "running".to_owned(),
            Some(why) => format!("waits: {}", held(why, None, now)),
        };
        table.row([
            Cell::text(task_id.short()),
            Cell::maybe(flow_id.as_ref().map(FlowId::short)),
            Cell::maybe(step_id.as_deref()),
            Cell::text(owner_key),
            Cell::text(priority.to_string()),
            Cell::status(state),
            Cell::text(ago(*since, now)),
        ]);
    }
    table
}
