//! `clawflow agents spawn`.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::{budget, duration_ms};
use crate::commands::binding::BindingArgs;
use crate::commands::client::Client;
use crate::commands::input::Input;
use crate::commands::tasks::chosen_dir;
use crate::commands::tasks::run::{at_end, told};
use crate::open::Want;
use clap::Args;
use clawflow_core::budget::Budget;
use clawflow_engine::api::{AgentSpawn, AgentSpawnRequest};
use std::path::PathBuf;

/// Whom to ask, and what.
#[derive(Debug, Args)]
#[command(after_help = "\
Once the agent has ended its answer lies in the inbox of the session that asked. Prints the key of
the agent's session and its task. With --wait its answer is printed, or its output if it is no agent
that speaks the Agent Client Protocol, and the exit code is 0 when it succeeded and 1 when it did
not. For example:
  clawflow agents spawn reviewer --session agent:main:main 'Check the figures in report.md'
  git diff | clawflow agents spawn reviewer @- --wait")]
pub(crate) struct SpawnArgs {
    /// the agent: a section [agents.NAME] of the configuration
    #[arg(value_name = "AGENT")]
    agent: String,
    /// what it is asked, @FILE that has it, or @- for standard input
    #[arg(value_name = "PROMPT", allow_hyphen_values = true)]
    prompt: String,
    /// a short name for it
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    /// the flow that code drives whose child it is to be
    #[arg(long, value_name = "FLOW")]
    flow: Option<String>,
    /// the model that it is told to use
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// the mode that it is told to work in
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
    /// its directory [default: that of its configuration, else the current one]
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    /// stop it after this time
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    timeout: Option<u64>,
    /// what it may use, such as tokens=5000,usd=2.5,turns=10,time=1h; then it is stopped
    #[arg(long, value_name = "LIMITS", value_parser = budget)]
    budget: Option<Budget>,
    /// wait for its end
    #[arg(long)]
    wait: bool,
    /// the first answer again if this key was used for the same request in the last 24 hours
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    #[command(flatten)]
    binding: BindingArgs,
}

impl SpawnArgs {
    pub(super) fn waits(&self) -> bool {
        self.wait
    }
}

/// Asks it.
pub(super) async fn run(ctx: &Ctx, args: SpawnArgs) -> Result<Exit, CliError> {
    let wait = args.wait;
    let caller = args.binding.owner_or_own(ctx)?;
    let request = request(ctx, args)?;
    let client = match wait {
        true => Client::open_for(ctx, Want::ForegroundRun).await?,
        false => Client::at_gateway(ctx, "add --wait, or start a gateway after it").await?,
    };
    let client = client.acting_as(caller);
    let asked = client.call::<AgentSpawn>(&request).await;
    if !wait {
        let made = client.close(asked).await?;
        match ctx.mode.json {
            true => ctx.mode.print_json(&made)?,
            false => {
                let session = escape(&made.child_session_key);
                ctx.mode.print(&format!("{session} {}\n", made.task.task_id))?;
                ctx.mode.note("hint: clawflow inbox list");
            }
        }
        return Ok(Exit::Done);
    }
    let ran = match asked {
        Ok(made) => at_end(ctx, &client, made.task).await,
        Err(error) => Err(error),
    };
    let task = client.close(ran).await?;
    told(ctx, &task, wait)
}

fn request(ctx: &Ctx, args: SpawnArgs) -> Result<AgentSpawnRequest, CliError> {
    let cwd = match (&args.cwd, ctx.settings.agents.get(&args.agent)) {
        (None, Some(agent)) if agent.cwd.is_some() => None,
        _ => Some(chosen_dir(ctx, args.cwd)?),
    };
    Ok(AgentSpawnRequest {
        prompt: Input::default().text("PROMPT", &args.prompt)?,
        agent: args.agent,
        label: args.label,
        owner: String::new(),
        flow: args.flow,
        cwd,
        model: args.model,
        mode: args.mode,
        timeout_ms: args.timeout,
        budget: args.budget,
        notify_policy: None,
        idempotency_key: args.idempotency_key,
    })
}
