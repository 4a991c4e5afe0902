//! `clawflow tasks list`.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::{moment, word};
use crate::commands::client::ask;
use crate::show::{Cell, Table, ago, duration, now};
use clap::Args;
use clawflow_core::Millis;
use clawflow_core::ids::FlowId;
use clawflow_core::task::{Runtime, Task, TaskStatus};
use clawflow_engine::api::{TaskList, TaskListRequest, TaskListResponse};
use std::time::Duration;

/// Which tasks to list.
#[derive(Debug, Default, Args)]
pub(crate) struct ListArgs {
    /// only these: queued, running, succeeded, failed, timed_out, cancelled, lost
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = word::<TaskStatus>)]
    status: Vec<TaskStatus>,
    /// only on these: cli, acp, subagent, cron, external
    #[arg(long, value_name = "RUNTIME", value_delimiter = ',', value_parser = word::<Runtime>)]
    runtime: Vec<Runtime>,
    /// only those with this label
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
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
    /// show the list again whenever it changes, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

/// How often a list is looked at again. It is a question of a few milliseconds.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Begins the picture on a terminal anew.
const CLEAR: &str = "\x1b[H\x1b[2J\x1b[3J";

/// Lists them.
pub(crate) async fn run(ctx: &Ctx, args: ListArgs) -> Result<Exit, CliError> {
    let request = TaskListRequest {
        status: args.status,
        runtime: args.runtime,
        label: args.label,
        flow: args.flow,
        owner: args.owner,
        since: args.since,
        limit: args.limit.map(usize::from),
        after: args.after,
    };
    if args.watch {
        return watch(ctx, &request).await;
    }
    print(ctx, &ask::<TaskList>(ctx, &request).await?)?;
    Ok(Exit::Done)
}

/// Shows it again and again. In JSON each change is a line.
async fn watch(ctx: &Ctx, request: &TaskListRequest) -> Result<Exit, CliError> {
    let mut shown = None;
    loop {
        let page = ask::<TaskList>(ctx, request).await?;
        if shown.as_ref() != Some(&page) {
            match ctx.mode.json {
                true => ctx.mode.print_json_line(&page)?,
                false => {
                    ctx.mode.print(if ctx.mode.tty { CLEAR } else { "" })?;
                    print(ctx, &page)?;
                }
            }
            shown = Some(page);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn print(ctx: &Ctx, page: &TaskListResponse) -> Result<(), CliError> {
    if ctx.mode.json {
        return ctx.mode.print_json(page);
    }
    match page.tasks.is_empty() {
        true => ctx.mode.note("no tasks"),
        false => ctx.mode.print(&table(&page.tasks).render(ctx.mode))?,
    }
    if let Some(next) = &page.next {
        ctx.mode.note(&format!("hint: there are more: add --after {next}"));
    }
    Ok(())
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
