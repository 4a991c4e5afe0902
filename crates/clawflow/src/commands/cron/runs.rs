//! `clawflow cron runs`.

use super::show::clock;
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::word;
use crate::commands::client::ask;
use crate::show::{Cell, Table, ago, duration, now};
use clap::Args;
use clawflow_core::schedule::{RunStatus, ScheduleRun, SkipReason};
use clawflow_engine::api::{ScheduleRuns, ScheduleRunsRequest};

/// Which runs to list.
#[derive(Debug, Args)]
pub(crate) struct RunsArgs {
    /// the schedule [default: all of them]
    #[arg(value_name = "SCHEDULE")]
    schedule: Option<String>,
    /// only these: queued, running, retrying, succeeded, failed, timed_out, cancelled, lost,
    /// skipped
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = word::<RunStatus>)]
    status: Vec<RunStatus>,
    /// at most so many [default: 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: Option<u16>,
    /// only those after this id in the list: the next page
    #[arg(long, value_name = "ID")]
    after: Option<String>,
}

/// Lists them.
pub(crate) async fn run(ctx: &Ctx, args: RunsArgs) -> Result<Exit, CliError> {
    let request = ScheduleRunsRequest {
        schedule: args.schedule,
        status: args.status,
        limit: args.limit.map(usize::from),
        after: args.after,
    };
    let page = ask::<ScheduleRuns>(ctx, &request).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&page)?;
        return Ok(Exit::Done);
    }
    match page.runs.is_empty() {
        true => ctx.mode.note("no runs"),
        false => ctx.mode.print(&table(&page.runs).render(ctx.mode))?,
    }
    if let Some(next) = &page.next {
        ctx.mode.note(&format!("hint: there are more: add --after {next}"));
    }
    Ok(Exit::Done)
}

fn table(runs: &[ScheduleRun]) -> Table {
    let now = now();
    let mut table = Table::new(["RUN", "SLOT", "BY", "STATUS", "TRY", "TOOK", "AGE", "AS", "WHAT"]);
    for run in runs {
        let took = run.started_at.map(|at| duration(run.ended_at.unwrap_or(now) - at));
        table.row([
            Cell::text(run.run_id.short()),
            Cell::maybe(run.slot.map(|slot| clock(slot, None))),
            Cell::text(run.trigger.as_str()),
            Cell::status(run.status.as_str()),
            Cell::number(u64::from(run.attempt)),
            Cell::maybe(took),
            Cell::text(ago(run.created_at, now)),
            Cell::maybe(work(run)),
            Cell::text(outcome(run)),
        ]);
    }
    table
}

/// What the run is: a task or a flow, by the last characters of its id.
pub(super) fn work(run: &ScheduleRun) -> Option<String> {
    let task = run.task_id.as_ref().map(|id| format!("task {}", id.short()));
    task.or_else(|| run.flow_id.as_ref().map(|id| format!("flow {}", id.short())))
}

/// What became of it, in words.
pub(super) fn outcome(run: &ScheduleRun) -> String {
    if let Some(reason) = run.reason {
        return skipped(run, reason);
    }
    let due = run.due_at.map_or_else(String::new, |at| format!(" until {}", clock(at, None)));
    match (run.status, &run.error) {
        (RunStatus::Queued, _) => "waits for the run before it".to_owned(),
        (RunStatus::Retrying, Some(error)) => format!("tried again{due}: {error}"),
        (RunStatus::Running, _) => match &run.stopping {
            Some(why) => format!("is being stopped: {why}"),
            None if run.joined => "has joined a flow that was there".to_owned(),
            None => "running".to_owned(),
        },
        (_, Some(error)) => error.clone(),
        (status, None) => {
            let joined = if run.joined { ", as the flow that it joined" } else { "" };
            format!("{}{joined}", status.as_str().replace('_', " "))
        }
    }
}

fn skipped(run: &ScheduleRun, reason: SkipReason) -> String {
    let why = match reason {
        SkipReason::Missed => "nobody was there to start them",
        SkipReason::Overlap => "an earlier run went on",
        SkipReason::QueueFull => "too many runs were there already",
        SkipReason::Replaced => "a newer slot took its place",
        SkipReason::Withdrawn => "the schedule was disabled before it started",
    };
    let (Some(from), Some(to)) = (run.slot, run.slot_to) else {
        return match reason {
            SkipReason::Missed => "nobody was there to start it".to_owned(),
            _ => why.to_owned(),
        };
    };
    let more = if run.more { "more than " } else { "" };
    let count = grouped(run.slots);
    let (from, to) = (clock(from, None), clock(to, None));
    format!("{more}{count} slots skipped from {from} to {to}: {why}")
}

/// A number with commas.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn long_numbers_are_grouped() {
        assert_eq!([0, 999, 4320, 1_234_567].map(grouped).join(" "), "0 999 4,320 1,234,567");
    }
}
