//! `clawflow cron list`.

use super::show::{clock, next_of};
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::client::Client;
use crate::show::{Cell, Table, ago, now};
use clap::Args;
use clawflow_core::schedule::RunStatus;
use clawflow_engine::api::{ScheduleList, ScheduleListRequest, ScheduleListResponse, ScheduleView};

/// Which schedules to list.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// only those that fire
    #[arg(long)]
    enabled: bool,
    /// only those of this owner
    #[arg(long, value_name = "SESSION")]
    owner: Option<String>,
    /// at most so many [default: 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: Option<u16>,
    /// only those after this id in the list: the next page
    #[arg(long, value_name = "ID")]
    after: Option<String>,
}

/// Lists them.
pub(crate) async fn run(ctx: &Ctx, args: ListArgs) -> Result<Exit, CliError> {
    let request = ScheduleListRequest {
        owner: args.owner,
        enabled: args.enabled,
        limit: args.limit.map(usize::from),
        after: args.after,
    };
    let client = Client::open(ctx).await?;
    let nobody = !client.is_remote() || client.foreground_run().is_some();
    let page = client.call::<ScheduleList>(&request).await;
    let page = client.close(page).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&page)?;
        return Ok(Exit::Done);
    }
    let ScheduleListResponse { schedules, total, enabled, next } = &page;
    match schedules.is_empty() {
        true => ctx.mode.note("no schedules"),
        false => {
            let head = format!("{enabled} enabled · {total} total\n");
            ctx.mode.print(&(head + &table(schedules).render(ctx.mode)))?;
        }
    }
    if nobody && *enabled > 0 {
        ctx.mode.note("hint: nothing fires until a gateway runs: clawflow gateway run");
    }
    if let Some(next) = next {
        ctx.mode.note(&format!("hint: there are more: add --after {next}"));
    }
    Ok(Exit::Done)
}

fn table(schedules: &[ScheduleView]) -> Table {
    let now = now();
    let mut table =
        Table::new(["SCHEDULE", "NAME", "WHEN", "NEXT", "THERE", "LAST", "NOW", "WHAT"]);
    for view in schedules {
        let row = &view.schedule;
        let last = row.last_status.map_or_else(
            || "-".to_owned(),
            |status| format!("{status} {}", ago(row.last_ended_at.unwrap_or(now), now)),
        );
        let there = row.spec.zone().and_then(|zone| Some(clock(row.next_slot?, Some(zone))));
        table.row([
            Cell::text(row.schedule_id.short()),
            Cell::text(&row.name),
            Cell::text(row.spec.to_string()),
            Cell::text(next_of(row)),
            Cell::maybe(there),
            Cell::status(last),
            Cell::text(goes_on(view)),
            Cell::text(row.payload.title()),
        ]);
    }
    table
}

/// What goes on of it: `1 running, 2 queued`.
pub(super) fn goes_on(view: &ScheduleView) -> String {
    let count = |status: RunStatus| view.open.iter().filter(|run| run.status == status).count();
    let states = [RunStatus::Running, RunStatus::Retrying, RunStatus::Queued];
    let some = states.into_iter().map(|status| (count(status), status));
    let parts: Vec<String> =
        some.filter(|(n, _)| *n > 0).map(|(n, status)| format!("{n} {status}")).collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
}
