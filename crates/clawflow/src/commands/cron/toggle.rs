//! `clawflow cron enable`, `disable` and `rm`.

use super::show::fires_at;
use super::verbs::ScheduleArg;
use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::client::ask;
use clawflow_core::schedule::Schedule;
use clawflow_engine::api::{Call, ScheduleDisable, ScheduleEnable, ScheduleRef, ScheduleRemove};

/// Lets it fire again.
pub(crate) async fn enable(ctx: &Ctx, arg: ScheduleArg) -> Result<Exit, CliError> {
    change::<ScheduleEnable>(ctx, arg, fires_at).await
}

/// Lets it fire no more.
pub(crate) async fn disable(ctx: &Ctx, arg: ScheduleArg) -> Result<Exit, CliError> {
    change::<ScheduleDisable>(ctx, arg, |_| "disabled".to_owned()).await
}

/// Deletes it.
pub(crate) async fn remove(ctx: &Ctx, arg: ScheduleArg) -> Result<Exit, CliError> {
    change::<ScheduleRemove>(ctx, arg, |_| "deleted".to_owned()).await
}

async fn change<C: Call<Request = ScheduleRef, Response = Schedule>>(
    ctx: &Ctx,
    arg: ScheduleArg,
    said: impl Fn(&Schedule) -> String,
) -> Result<Exit, CliError> {
    let schedule = ask::<C>(ctx, &ScheduleRef { schedule: arg.schedule }).await?;
    match ctx.mode.json {
        true => ctx.mode.print_json(&schedule)?,
        false => ctx.mode.print(&format!("{}: {}\n", escape(&schedule.name), said(&schedule)))?,
    }
    Ok(Exit::Done)
}
