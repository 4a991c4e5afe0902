//! `clawflow tasks why`.

use super::verbs::TaskArg;
use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::client::ask;
use crate::show::why_text;
use clawflow_engine::api::{TaskRef, TaskWhy, TaskWhyResponse};

/// Says why.
pub(crate) async fn run(ctx: &Ctx, args: TaskArg) -> Result<Exit, CliError> {
    let why = ask::<TaskWhy>(ctx, &TaskRef { task: args.task }).await?;
    match ctx.mode.json {
        true => ctx.mode.print_json(&why)?,
        false => ctx.mode.print(&text(&why))?,
    }
    Ok(Exit::Done)
}

fn text(why: &TaskWhyResponse) -> String {
    let TaskWhyResponse { task, summary, reasons, earliest, commands } = why;
    let head = format!("{} is {}: {}", task.task_id, task.status, escape(summary));
    why_text(&head, reasons, *earliest, commands)
}
