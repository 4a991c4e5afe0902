//! `clawflow tasks run`.

use super::logs::{Wanted, copy, drain};
use super::turn::turn;
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::{budget, duration_ms};
use crate::commands::client::Client;
use crate::commands::run::chosen_env;
use crate::open::Want;
use clap::Args;
use clawflow_core::acp::{AcpRequest, Policy};
use clawflow_core::budget::Budget;
use clawflow_core::task::{Task, TaskStatus};
use clawflow_engine::api::{TaskRef, TaskRun, TaskRunRequest, TaskShow};
use std::path::PathBuf;

/// What to run.
#[derive(Debug, Args)]
#[command(after_help = "\
With --wait the task's output is copied to standard output, and the exit code is 0 when it
succeeded and 1 when it did not. Without a gateway, --wait runs it in the foreground.

An agent (see clawflow agents) may look at things; a person is asked for the rest, unless a
--permission decides it: at this terminal with --wait, else by clawflow flows approve. Its answer is
printed with --wait, and kept with the task.")]
pub(crate) struct RunArgs {
    /// a short name for it
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    /// stop it after this time
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    timeout: Option<u64>,
    /// what it may use, such as tokens=5000,usd=2.5,turns=10,time=1h; then it is stopped
    #[arg(long, value_name = "LIMITS", value_parser = budget)]
    budget: Option<Budget>,
    /// wait for its end
    #[arg(long)]
    wait: bool,
    /// session key of the owner [default: run.owner]
    #[arg(long, value_name = "SESSION")]
    owner: Option<String>,
    /// pass a variable of the environment on to it, or set one
    #[arg(long = "env", value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// its directory [default: the current one]
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    /// ask this coding agent; what follows is the prompt
    #[arg(long, value_name = "AGENT")]
    acp: Option<String>,
    /// the agent's mode
    #[arg(long, value_name = "MODE", requires = "acp")]
    mode: Option<String>,
    /// the agent's model
    #[arg(long, value_name = "MODEL", requires = "acp")]
    model: Option<String>,
    /// a file to point the agent to; may be given again
    #[arg(long = "file", value_name = "PATH", requires = "acp")]
    files: Vec<String>,
    /// a rule such as "allow edit src/*" for what the agent asks permission for; may be given again
    #[arg(long = "permission", value_name = "RULE", requires = "acp")]
    permissions: Vec<String>,
    /// the program and its arguments, or the prompt
    #[arg(
        value_name = "CMD",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    argv: Vec<String>,
}

/// Runs it.
pub(crate) async fn run(ctx: &Ctx, args: RunArgs) -> Result<Exit, CliError> {
    let wait = args.wait;
    let request = request(ctx, args)?;
    let client = match wait {
        true => Client::open_for(ctx, Want::ForegroundRun).await?,
        false => Client::at_gateway(ctx, "add --wait, or start a gateway after it").await?,
    };
    let ran = match client.call::<TaskRun>(&request).await {
        Ok(task) if wait => at_end(ctx, &client, task).await,
        other => other,
    };
    let task = client.close(ran).await?;
    told(ctx, &task, wait)
}

/// Tells what was started, or how it ended.
pub(in crate::commands) fn told(ctx: &Ctx, task: &Task, wait: bool) -> Result<Exit, CliError> {
    if ctx.mode.json {
        ctx.mode.print_json(task)?;
    } else if !wait {
        ctx.mode.print(&format!("{}\n", task.task_id))?;
        ctx.mode.note(&format!("hint: clawflow tasks logs {} --follow", task.task_id));
    }
    if !wait || task.status == TaskStatus::Succeeded {
        return Ok(Exit::Done);
    }
    if !ctx.mode.json {
        let why = task.error.as_deref().map_or_else(String::new, |error| format!(": {error}"));
        ctx.mode.note(&format!("the task {} is {}{why}", task.task_id, task.status));
    }
    Ok(Exit::Failed)
}

fn request(ctx: &Ctx, args: RunArgs) -> Result<TaskRunRequest, CliError> {
    let acp = match args.acp {
        None => None,
        Some(agent) => {
            let rules = Some(args.permissions).filter(|rules| !rules.is_empty());
            let rules = rules.map(|rules| Policy::parse(&rules)).transpose();
            Some(AcpRequest {
                agent,
                prompt: args.argv.join(" "),
                files: args.files,
                mode: args.mode,
                model: args.model,
                permissions: rules.map_err(CliError::usage)?,
                anywhere: args.cwd.is_none(),
                ..AcpRequest::default()
            })
        }
    };
    Ok(TaskRunRequest {
        argv: if acp.is_some() { Vec::new() } else { args.argv },
        acp,
        cwd: chosen_dir(ctx, args.cwd)?,
        env: chosen_env(ctx, &args.env)?,
        label: args.label,
        owner: args.owner.unwrap_or_else(|| ctx.settings.run.owner.clone()),
        timeout_ms: args.timeout,
        budget: args.budget,
        idempotency_key: None,
    })
}

/// The directory that was named, else the current one.
pub(in crate::commands) fn chosen_dir(ctx: &Ctx, dir: Option<PathBuf>) -> Result<String, CliError> {
    let gone = || CliError::usage("the working directory is gone").hint("name one with --cwd");
    let here = ctx.env.current_dir().ok_or_else(gone)?;
    let cwd = dir.map_or_else(|| here.to_owned(), |dir| here.join(dir));
    if !cwd.is_dir() {
        return Err(CliError::usage(format!("{} is not a directory", cwd.display())));
    }
    let not_utf8 = |path: PathBuf| CliError::usage(format!("{} is not UTF-8", path.display()));
    cwd.into_os_string().into_string().map_err(|path| not_utf8(path.into()))
}

/// The task once it has ended; its output is copied meanwhile. Of an agent that is spoken to the
/// answer is printed.
pub(in crate::commands) async fn at_end(
    ctx: &Ctx,
    client: &Client,
    task: Task,
) -> Result<Task, CliError> {
    if !ctx.mode.json {
        ctx.mode.note(&format!("task {}", task.task_id));
    }
    if task.command.as_ref().is_some_and(|command| command.acp.is_some()) {
        return turn(ctx, client, task).await;
    }
    // The log ends with the task. In JSON only the record is printed.
    let wanted = Wanted { stderr: false, follow: true, offset: 0 };
    match ctx.mode.json {
        true => drain(client, &task).await?,
        false => copy(ctx, client, &task, wanted).await?,
    }
    client.call::<TaskShow>(&TaskRef { task: task.task_id.0 }).await
}
