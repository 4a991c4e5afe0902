//! `clawflow tasks list`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::{moment, word};
use crate::commands::client::ask;
use crate::show::{Cell, Table, ago, duration, now};
use clap::Args;
use clawflow_core::Millis;
use clawflow_core::ids::FlowId;
use clawflow_core::task::{Task, TaskStatus};
use clawflow_engine::api::{TaskList, TaskListRequest};

/// Which tasks to list.
#[derive(Debug, Default, Args)]
pub(crate) struct ListArgs {
    /// only these: queued, running, succeeded, failed, timed_out, cancelled, lost
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = word::<TaskStatus>)]
    status: Vec<TaskStatus>,
    /// only those of this flow
    #[arg(long, value_name = "FLOW")]
    flow: Option<String>,
    /// only those of this owner
    #[arg(long, value_name = "SESSION")]
    owner: Option<String>,
    /// only those made since then: a duration or a date
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    since: Option<Millis>,
    /// at most so many [default: 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: Option<u16>,
    /// only those after this id in the list: the next page
    #[arg(long, value_name = "ID")]
    after: Option<String>,
}

/// Lists them.
pub(crate) async fn run(ctx: &Ctx, args: ListArgs) -> Result<Exit, CliError> {
    let request = TaskListRequest {
        status: args.status,
        flow: args.flow,
        owner: args.owner,
        since: args.since,
        limit: args.limit.map(usize::from),
        after: args.after,
    };
    let page = ask::<TaskList>(ctx, &request).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&page)?;
        return Ok(Exit::Done);
    }
    match page.tasks.is_empty() {
        true => ctx.mode.note("no tasks"),
        false => ctx.mode.print(&table(&page.tasks).render(ctx.mode))?,
    }
    if let Some(next) = &page.next {
        ctx.mode.note(&format!("hint: there are more: add --after {next}"));
    }
    Ok(Exit::Done)
}

fn table(tasks: &[Task]) -> Table {
    let now = now();
    let header = ["TASK", "FLOW", "STEP", "RUNTIME", "STATUS", "TOOK", "AGE", "WHAT"];
    let mut table = Table::new(header);
    for task in tasks {
        let took = task.started_at.map(|at| duration(task.ended_at.unwrap_or(now) - at));
        table.row([
            Cell::text(task.task_id.short()),
            Cell::maybe(task.parent_flow_id.as_ref().map(FlowId::short)),
            Cell::maybe(task.step_id.as_deref()),
            Cell::text(task.runtime.as_str()),
            Cell::status(task.status.as_str()),
            Cell::maybe(took),
            Cell::text(ago(task.created_at, now)),
            Cell::text(task.label.as_deref().unwrap_or(&task.task)),
        ]);
    }
    table
}
