//! `clawflow tasks observe`.

use super::reported::{AboutArgs, record};
use super::wait::until_ended;
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::client::Client;
use clap::Args;
use clawflow_core::ids::TaskId;
use clawflow_engine::api::TaskRecordRequest;
use clawflow_engine::clock::{Ids, now};
use clawflow_engine::reporter::{self, Step};

/// Bytes of a command line that are shown.
const SHOWN_BYTES_MAX: usize = 2000;

/// Which process to follow.
#[derive(Debug, Args)]
#[command(after_help = "\
The gateway follows the process: it is known by its id and start time, so that another one with
the same id is not taken for it. How it ended is known where the kernel tells (Linux 6.15 or
later); elsewhere only its parent knows, and the task ends as `lost`.")]
pub(crate) struct ObserveArgs {
    /// the process
    #[arg(long, value_name = "PID", value_parser = clap::value_parser!(u32).range(1..))]
    pid: u32,
    #[command(flatten)]
    about: AboutArgs,
    /// wait for its end
    #[arg(long)]
    wait: bool,
}

/// Records it.
pub(crate) async fn run(ctx: &Ctx, args: ObserveArgs) -> Result<Exit, CliError> {
    let pid = args.pid;
    let Some(process) = reporter::process(pid) else {
        let message = format!("there is no process {pid}");
        return Err(CliError::new(Exit::NotFound, "not_found", message));
    };
    let mut request = TaskRecordRequest {
        task_id: Some(TaskId::new(&mut Ids)),
        started_at: Some(now()),
        process: Some(process),
        ..TaskRecordRequest::new("observe", command_line(pid))
    };
    args.about.fill(&mut request, &ctx.settings.run.owner);
    let Some(task) = record(ctx, &request, Step::Start).await? else { return Ok(Exit::Done) };
    if args.wait {
        let client = Client::open_for(ctx, crate::open::Want::Client).await?;
        let ended = until_ended(ctx, &client, &task.task_id.0, None).await;
        return client.close(ended).await;
    }
    match ctx.mode.json {
        true => ctx.mode.print_json(&task)?,
        false => ctx.mode.print(&format!("{}\n", task.task_id))?,
    }
    Ok(Exit::Done)
}

/// As the system shows it; another user's may be hidden.
fn command_line(pid: u32) -> String {
    let read = |name: &str| std::fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
    let mut line = read("cmdline");
    line.truncate(SHOWN_BYTES_MAX);
    let words = line.split(|&byte| byte == 0).map(String::from_utf8_lossy);
    let line = words.collect::<Vec<_>>().join(" ").trim().to_owned();
    match line.is_empty() {
        false => line,
        true => format!("process {pid} {}", String::from_utf8_lossy(&read("comm")).trim()),
    }
}
