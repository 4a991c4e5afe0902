//! `clawflow tasks report start|progress|done|fail`: reports that never stand in the way. Where
//! nobody takes them they are kept beside the ledger, and come in later with their times.

use super::report::tell;
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::word;
use crate::commands::client::ask;
use clap::{Args, Subcommand};
use clawflow_core::flow::NotifyPolicy;
use clawflow_core::ids::TaskId;
use clawflow_core::task::{Exit as TaskExit, Task, TaskStatus};
use clawflow_engine::api::{Call, TaskRecord, TaskRecordRequest, TaskReport, TaskReportRequest};
use clawflow_engine::clock::{Ids, now};
use clawflow_engine::reporter::{Spool, Step};
use serde_json::json;
use std::time::Duration;

/// The variable with the task that a job is.
pub(super) const TASK_VARIABLE: &str = "CLAWFLOW_TASK_ID";

/// How long a report waits for the ledger. What comes in twice then is the same.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is said of it.
#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// a task has begun; prints its id
    Start(StartArgs),
    /// it goes on
    Progress(ProgressArgs),
    /// it has ended well
    Done(DoneArgs),
    /// it has ended badly
    Fail(FailArgs),
}

/// What begins.
#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    /// what it does, for people
    #[arg(value_name = "TEXT")]
    text: String,
    #[command(flatten)]
    about: AboutArgs,
}

/// What a recorded task is told of at its begin.
#[derive(Debug, Args)]
pub(crate) struct AboutArgs {
    /// a short name for it
    #[arg(long, value_name = "LABEL")]
    pub(super) label: Option<String>,
    /// the flow of code whose child it is
    #[arg(long, value_name = "FLOW")]
    pub(super) flow: Option<String>,
    /// session key of the owner [default: run.owner]
    #[arg(long, value_name = "SESSION")]
    pub(super) owner: Option<String>,
    /// what the owner is told of it: done_only, state_changes or silent [default: silent]
    #[arg(long, value_name = "POLICY", value_parser = word::<NotifyPolicy>)]
    pub(super) notify: Option<NotifyPolicy>,
}

/// Which task.
#[derive(Debug, Args)]
pub(crate) struct WhichArgs {
    /// the task [env: CLAWFLOW_TASK_ID]
    #[arg(long, value_name = "TASK")]
    task: Option<String>,
}

/// How it goes.
#[derive(Debug, Args)]
pub(crate) struct ProgressArgs {
    /// one line of progress
    #[arg(value_name = "TEXT")]
    text: String,
    #[command(flatten)]
    which: WhichArgs,
}

/// A good end.
#[derive(Debug, Args)]
pub(crate) struct DoneArgs {
    /// one line about its end
    #[arg(long, value_name = "TEXT")]
    summary: Option<String>,
    #[command(flatten)]
    which: WhichArgs,
}

/// A bad end.
#[derive(Debug, Args)]
pub(crate) struct FailArgs {
    /// why
    #[arg(value_name = "TEXT")]
    error: Option<String>,
    /// the exit code of what has failed
    #[arg(long, value_name = "CODE")]
    exit: Option<i32>,
    #[command(flatten)]
    which: WhichArgs,
}

/// Reports it.
pub(super) async fn run(ctx: &Ctx, command: ReportCommand) -> Result<Exit, CliError> {
    let (task, report) = match command {
        ReportCommand::Start(args) => return start(ctx, args).await,
        ReportCommand::Progress(args) => {
            let told = TaskReportRequest { progress_summary: Some(args.text), ..at(None) };
            (args.which.task(ctx)?, told)
        }
        ReportCommand::Done(args) => {
            let end = at(Some(TaskStatus::Succeeded));
            (args.which.task(ctx)?, TaskReportRequest { terminal_summary: args.summary, ..end })
        }
        ReportCommand::Fail(args) => {
            let why = args.error.or(args.exit.map(|code| format!("exit code {code}")));
            let exit = args.exit.map(TaskExit::Code);
            let end = TaskReportRequest { error: why, exit, ..at(Some(TaskStatus::Failed)) };
            (args.which.task(ctx)?, end)
        }
    };
    let report = TaskReportRequest { task, ..report };
    match patiently::<TaskReport>(ctx, &report).await {
        Ok(task) => tell(ctx, &task),
        Err(error) if error.exit == Exit::Unavailable => {
            match later(report) {
                // Not as an end, which would have to say what the start has said.
                Some(report) => keep(ctx, error, Step::Progress, &report),
                None => Err(error.hint("with the whole id of the task it would be kept")),
            }
        }
        Err(error) => Err(error),
    }
}

fn at(status: Option<TaskStatus>) -> TaskReportRequest {
    let ended_at = status.map(|_| now());
    TaskReportRequest { status, ended_at, last_event_at: Some(now()), ..Default::default() }
}

impl WhichArgs {
    fn task(self, ctx: &Ctx) -> Result<String, CliError> {
        let given = || Some(ctx.env.get(TASK_VARIABLE)?.to_str()?.to_owned());
        self.task.or_else(given).ok_or_else(|| {
            CliError::usage("no task is named")
                .hint(format!("--task TASK, or {TASK_VARIABLE}, which a wrapped job has"))
        })
    }
}

async fn start(ctx: &Ctx, args: StartArgs) -> Result<Exit, CliError> {
    let mut request = TaskRecordRequest {
        task_id: Some(TaskId::new(&mut Ids)),
        started_at: Some(now()),
        ..TaskRecordRequest::new("report", args.text)
    };
    args.about.fill(&mut request, &ctx.settings.run.owner);
    request.or_alone = false;
    match record(ctx, &request, Step::Start).await? {
        Some(task) if ctx.mode.json => ctx.mode.print_json(&task)?,
        Some(task) => ctx.mode.print(&format!("{}\n", task.task_id))?,
        None => {}
    }
    Ok(Exit::Done)
}

/// Asks the ledger, but not for long: whoever reports has other things to do.
async fn patiently<C: Call>(ctx: &Ctx, request: &C::Request) -> Result<C::Response, CliError> {
    let silent = |_| {
        let message = "the home does not answer";
        Err(CliError::new(Exit::Unavailable, "unavailable", message))
    };
    tokio::time::timeout(PATIENCE, ask::<C>(ctx, request)).await.unwrap_or_else(silent)
}

/// Records it; `None`: nobody was there, the report was kept and that was told.
pub(super) async fn record(
    ctx: &Ctx,
    request: &TaskRecordRequest,
    step: Step,
) -> Result<Option<Task>, CliError> {
    match patiently::<TaskRecord>(ctx, request).await {
        Ok(task) => Ok(Some(task)),
        Err(error) if error.exit == Exit::Unavailable => {
            let kept = TaskRecordRequest { or_alone: true, ..request.clone() };
            keep(ctx, error, step, &kept).map(|_| None)
        }
        Err(error) => Err(error),
    }
}

impl AboutArgs {
    /// What the request says of the task. It is recorded in any case.
    pub(super) fn fill(&self, request: &mut TaskRecordRequest, owner: &str) {
        request.label.clone_from(&self.label);
        request.flow.clone_from(&self.flow);
        request.owner = self.owner.clone().unwrap_or_else(|| owner.to_owned());
        request.notify_policy = self.notify;
        request.or_alone = true;
    }
}

/// The report as it is kept; `None`: only the ledger knows which task is meant.
fn later(report: TaskReportRequest) -> Option<TaskRecordRequest> {
    let whole = report.task.len() == TaskId::PREFIX.len() + 26;
    (whole && report.task.starts_with(TaskId::PREFIX)).then(|| TaskRecordRequest {
        task_id: Some(TaskId(report.task)),
        status: report.status,
        progress_summary: report.progress_summary,
        terminal_summary: report.terminal_summary,
        error: report.error,
        last_event_at: report.last_event_at,
        ended_at: report.ended_at,
        exit: report.exit,
        ..TaskRecordRequest::new("report", "reported")
    })
}

/// Keeps a report that nobody takes now: whoever reports must not fail of that.
fn keep(
    ctx: &Ctx,
    error: CliError,
    step: Step,
    report: &TaskRecordRequest,
) -> Result<Exit, CliError> {
    if ctx.settings.remote.is_some() {
        // What is kept here, no gateway elsewhere takes in.
        return Err(error);
    }
    let Ok(path) = Spool::new(&ctx.settings.home).write(step, report) else { return Err(error) };
    let task_id = report.task_id.as_ref();
    match ctx.mode.json {
        true => ctx.mode.print_json(&json!({ "taskId": task_id, "kept": path }))?,
        false => {
            let id = task_id.map(ToString::to_string).unwrap_or_default();
            let kept = if step == Step::Start { String::new() } else { " kept".to_owned() };
            ctx.mode.print(&format!("{id}{kept}\n"))?;
        }
    }
    ctx.mode.note(&format!("{}: the report is kept and comes in later", error.message));
    Ok(Exit::Done)
}
