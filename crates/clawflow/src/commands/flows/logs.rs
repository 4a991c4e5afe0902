//! `clawflow flows logs`.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::FlowArg;
use crate::commands::client::Client;
use crate::commands::tasks::logs::{Wanted, copy};
use crate::show::flow_name;
use clap::Args;
use clawflow_core::task::Task;
use clawflow_engine::api::{FlowRef, FlowShow, FlowView};

/// Which logs to print.
#[derive(Debug, Args)]
pub(crate) struct LogsArgs {
    #[command(flatten)]
    flow: FlowArg,
    /// only of this step
    #[arg(long, value_name = "STEP")]
    step: Option<String>,
    /// of this attempt [default: the newest]
    #[arg(long, value_name = "N", requires = "step")]
    attempt: Option<u32>,
    /// standard error instead of standard output
    #[arg(long)]
    stderr: bool,
    /// go on printing until the step has ended
    #[arg(long, short)]
    follow: bool,
}

/// Prints them.
pub(crate) async fn run(ctx: &Ctx, args: LogsArgs) -> Result<Exit, CliError> {
    let client = Client::open(ctx).await?;
    let printed = print(ctx, &client, &args).await;
    client.close(printed).await
}

async fn print(ctx: &Ctx, client: &Client, args: &LogsArgs) -> Result<Exit, CliError> {
    let view = client.call::<FlowShow>(&FlowRef { flow: args.flow.flow.clone() }).await?;
    let tasks = match &args.step {
        Some(step) => vec![of_step(&view, step, args.attempt)?],
        None => newest(&view),
    };
    if tasks.is_empty() {
        ctx.mode.note(&format!("{} has not started a step yet", flow_name(&view.flow)));
    }
    for task in &tasks {
        if tasks.len() > 1 && !ctx.mode.json {
            let step = escape(task.step_id.as_deref().unwrap_or(&task.task));
            ctx.mode.print(&format!("==> {step} <==\n"))?;
        }
        copy(ctx, client, task, Wanted { stderr: args.stderr, follow: args.follow, offset: 0 })
            .await?;
    }
    Ok(Exit::Done)
}

fn of_step<'v>(view: &'v FlowView, step: &str, attempt: Option<u32>) -> Result<&'v Task, CliError> {
    let of_step = |task: &&Task| task.step_id.as_deref() == Some(step);
    let fits = |task: &&Task| attempt.is_none_or(|attempt| task.attempt == attempt);
    if let Some(task) = view.tasks.iter().rev().filter(of_step).find(fits) {
        return Ok(task);
    }
    let name = flow_name(&view.flow);
    let (step, known) = (escape(step), view.steps.iter().any(|known| known.step_id == step));
    let message = match (known, attempt) {
        (false, _) => format!("{name} has no step {step}"),
        (true, None) => format!("step {step} of {name} has run nothing"),
        (true, Some(attempt)) => format!("step {step} of {name} has no attempt {attempt}"),
    };
    let error = CliError::new(Exit::NotFound, "not_found", message);
    Err(error.hint(format!("clawflow flows show {}", view.flow.flow_id)))
}

/// The newest attempt of each step, in the order of the file.
fn newest(view: &FlowView) -> Vec<&Task> {
    let of_step = |id: &_| view.tasks.iter().find(|task| task.task_id == *id);
    if view.steps.is_empty() {
        return view.tasks.iter().collect();
    }
    view.steps.iter().filter_map(|step| step.task_id.as_ref().and_then(of_step)).collect()
}
