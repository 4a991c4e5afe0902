//! `clawflow cron next`.

use super::show::clock;
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::client::ask;
use crate::show::{now, until};
use clap::Args;
use clawflow_core::Millis;
use clawflow_engine::api::{ScheduleNext, ScheduleNextRequest};

/// Of which schedule.
#[derive(Debug, Args)]
pub(crate) struct NextArgs {
    /// the schedule: its name, its id, or 8 or more characters of the id
    #[arg(value_name = "SCHEDULE")]
    schedule: String,
    /// how many times [default: 5]
    #[arg(short = 'n', long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=1000))]
    count: Option<u16>,
}

/// Prints them.
pub(crate) async fn run(ctx: &Ctx, args: NextArgs) -> Result<Exit, CliError> {
    let request =
        ScheduleNextRequest { schedule: args.schedule, count: args.count.map(usize::from) };
    let next = ask::<ScheduleNext>(ctx, &request).await?;
    if ctx.mode.json {
        ctx.mode.print_json(&next)?;
        return Ok(Exit::Done);
    }
    let (now, jitter) = (now(), Millis::try_from(next.jitter_ms).unwrap_or_default());
    let lines = next.slots.iter().map(|slot| {
        let there = next.tz.as_deref().map(|zone| format!("  {}", clock(*slot, Some(zone))));
        format!("{}{}\n", until(slot.saturating_add(jitter), now), there.unwrap_or_default())
    });
    ctx.mode.print(&lines.collect::<String>())?;
    if next.slots.is_empty() {
        ctx.mode.note("it does not fire: clawflow cron show says why");
    }
    Ok(Exit::Done)
}
