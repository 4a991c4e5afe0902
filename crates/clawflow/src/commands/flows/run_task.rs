//! `clawflow flows run-task`.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::{FlowArg, budget, duration_ms, moment, word};
use crate::commands::binding::BindingArgs;
use crate::commands::client::Client;
use crate::commands::run::chosen_env;
use crate::commands::tasks::run::chosen_dir;
use crate::show::flow_words;
use clap::Args;
use clawflow_core::Millis;
use clawflow_core::acp::AcpRequest;
use clawflow_core::budget::Budget;
use clawflow_core::flow::NotifyPolicy;
use clawflow_core::limits::cut;
use clawflow_core::task::{Runtime, TaskStatus};
use clawflow_engine::api::{ApiError, FlowRunTask, FlowRunTaskRequest, FlowRunTaskResponse};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Characters of a command that stands for what the task is to do.
const TASK_CHARS: usize = 200;
/// Characters of a name that nothing has, in the message that says so.
const NAME_CHARS: usize = 80;

/// Which child.
#[derive(Debug, Args)]
#[command(after_help = "\
With a command or an agent the child is launched; without a gateway one is started in the
background. With --record it is only recorded: the caller runs it, and says how it goes with
`clawflow tasks report`. Prints the task's id and its status, then the flow's id, its revision
and its status. For example:
  clawflow flows run-task \"$flow\" --await --run-id classify-1 -- ./classify
  clawflow flows run-task \"$flow\" --await --acp claude -- 'Which of these are urgent?'
  clawflow flows run-task \"$flow\" --record --runtime acp --task 'classify' --status running")]
pub(crate) struct RunTaskArgs {
    #[command(flatten)]
    flow: FlowArg,
    #[command(flatten)]
    binding: BindingArgs,
    /// what executes it: cli, acp, subagent, cron or external [default: cli]
    #[arg(long, value_name = "RUNTIME", value_parser = word::<Runtime>)]
    runtime: Option<Runtime>,
    /// what it is to do, for people [default: the command or prompt]
    #[arg(long, value_name = "TEXT")]
    task: Option<String>,
    /// the run: the same one means the same child
    #[arg(long, value_name = "ID")]
    run_id: Option<String>,
    /// the flow waits for the child from now on
    #[arg(long = "await")]
    wait: bool,
    /// with --await: the step at work, for people
    #[arg(long, value_name = "STEP", requires = "wait")]
    current_step: Option<String>,
    /// a short name for it
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    /// what the owner is told of it: done_only, state_changes or silent [default: silent]
    #[arg(long, value_name = "POLICY", value_parser = word::<NotifyPolicy>)]
    notify: Option<NotifyPolicy>,
    #[command(flatten)]
    launch: LaunchArgs,
    #[command(flatten)]
    record: RecordArgs,
    /// the first answer again if this key was used for the same request in the last 24 hours
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "a child that is launched")]
struct LaunchArgs {
    /// its directory [default: the current one]
    #[arg(long, value_name = "DIR", conflicts_with = "record")]
    cwd: Option<PathBuf>,
    /// pass a variable of the environment on to it, or set one
    #[arg(long = "env", value_name = "NAME[=VALUE]", conflicts_with = "record")]
    env: Vec<String>,
    /// stop it after this time
    #[arg(long, value_name = "DURATION", value_parser = duration_ms, conflicts_with = "record")]
    timeout: Option<u64>,
    /// what it may use, such as tokens=5000,usd=2.5,turns=10,time=1h; then it is stopped
    #[arg(long, value_name = "LIMITS", value_parser = budget, conflicts_with = "record")]
    budget: Option<Budget>,
    /// ask this coding agent; what it is to do is --task, or what follows
    #[arg(long, value_name = "AGENT", conflicts_with = "record")]
    acp: Option<String>,
    /// the program and its arguments, or the prompt
    #[arg(value_name = "CMD", last = true, required_unless_present = "record")]
    argv: Vec<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "a child that its caller runs")]
struct RecordArgs {
    /// only record it
    #[arg(long, requires = "task", conflicts_with = "argv")]
    record: bool,
    /// where it stands: queued or running [default: queued]
    #[arg(long, value_name = "STATUS", value_parser = word::<TaskStatus>, requires = "record")]
    status: Option<TaskStatus>,
    /// since when it runs: a duration ago or a date
    #[arg(long, value_name = "WHEN", value_parser = moment, requires = "record")]
    started_at: Option<Millis>,
    /// its last sign of life: a duration ago or a date
    #[arg(long, value_name = "WHEN", value_parser = moment, requires = "record")]
    last_event_at: Option<Millis>,
    /// its last line of progress
    #[arg(long, value_name = "TEXT", requires = "record")]
    progress: Option<String>,
    /// session of the child, for agents
    #[arg(long, value_name = "KEY", requires = "record")]
    child_session: Option<String>,
    /// the agent
    #[arg(long, value_name = "ID", requires = "record")]
    agent: Option<String>,
    /// the schedule or tool that caused it
    #[arg(long, value_name = "ID", requires = "record")]
    source: Option<String>,
    /// the attempt that it retries
    #[arg(long, value_name = "TASK", requires = "record")]
    retries: Option<String>,
}

/// Adds it.
pub(crate) async fn run(ctx: &Ctx, args: RunTaskArgs) -> Result<Exit, CliError> {
    let caller = args.binding.caller(ctx)?;
    let launches = !args.record.record;
    let request = request(ctx, args)?;
    let client = match launches {
        true => Client::at_gateway(ctx, "start a gateway after it").await?,
        false => Client::open(ctx).await?,
    };
    let client = client.acting_as(caller);
    let asked = client.call::<FlowRunTask>(&request).await;
    let answer = client.close(asked).await?;
    if !answer.created {
        return Err(refused(answer, &request.flow).into());
    }
    match ctx.mode.json {
        true => ctx.mode.print_json(&answer)?,
        false => ctx.mode.print(&format!("{}\n", words(&answer)))?,
    }
    Ok(Exit::Done)
}

fn request(ctx: &Ctx, args: RunTaskArgs) -> Result<FlowRunTaskRequest, CliError> {
    let RunTaskArgs { launch, record, .. } = args;
    let (cwd, env) = match record.record {
        true => (None, BTreeMap::new()),
        false => (Some(chosen_dir(ctx, launch.cwd)?), chosen_env(ctx, &launch.env)?),
    };
    let prompt = launch.argv.join(" ");
    let acp = launch.acp.map(|agent| AcpRequest {
        agent,
        prompt: prompt.clone(),
        ..AcpRequest::default()
    });
    Ok(FlowRunTaskRequest {
        flow: args.flow.flow,
        runtime: args.runtime.unwrap_or(if acp.is_some() { Runtime::Acp } else { Runtime::Cli }),
        task: args.task.unwrap_or_else(|| cut(&prompt, TASK_CHARS)),
        command: if acp.is_some() { Vec::new() } else { launch.argv },
        acp,
        cwd,
        env,
        timeout_ms: launch.timeout,
        budget: launch.budget,
        status: record.status,
        run_id: args.run_id,
        child_session_key: record.child_session,
        source_id: record.source,
        parent_task_id: record.retries.as_deref().map(Into::into),
        agent_id: record.agent,
        label: args.label,
        notify_policy: args.notify,
        started_at: record.started_at,
        last_event_at: record.last_event_at,
        progress_summary: record.progress,
        wait: args.wait,
        current_step: args.current_step,
        idempotency_key: args.idempotency_key,
    })
}

/// A refusal is an answer of this call, and an error of the command.
fn refused(answer: FlowRunTaskResponse, name: &str) -> ApiError {
    if !answer.found {
        let message = format!("flow not found: {}", cut(name, NAME_CHARS));
        return ApiError::new("not_found", message).hint("clawflow flows list");
    }
    let reason = answer.reason.unwrap_or_else(|| "the flow takes no child".to_owned());
    let mut error = ApiError::new(answer.code.as_deref().unwrap_or("invalid_state"), reason);
    error.current = answer.flow.map(Box::new);
    error
}

/// `TASK STATUS FLOW REVISION STATUS`
fn words(answer: &FlowRunTaskResponse) -> String {
    let task = answer.task.as_ref();
    let task = task.map(|task| format!("{} {}", escape(&task.task_id.0), task.status));
    let flow = answer.flow.as_ref().map(flow_words);
    task.into_iter().chain(flow).collect::<Vec<_>>().join(" ")
}
