//! `clawflow backup`.

use crate::cli::{CliError, Ctx, Exit};
use clap::Args;
use clawflow_engine::api::ApiError;
use clawflow_store::{Copied, SqliteStore};
use serde_json::json;
use std::path::PathBuf;

/// Where to.
#[derive(Debug, Args)]
#[command(after_help = "\
The ledger is copied as it is at one moment, while it is in use; the copy is checked before it
counts. Logs of tasks and the configuration are no part of it.")]
pub(crate) struct BackupArgs {
    /// the new file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// replace a file that is there
    #[arg(long)]
    force: bool,
}

/// Copies the ledger.
pub(crate) fn run(ctx: &Ctx, args: &BackupArgs) -> Result<Exit, CliError> {
    let made = SqliteStore::back_up(&ctx.settings.home, &args.file, args.force);
    let copied = made.map_err(|error| failed(error, "--force replaces it"))?;
    tell(ctx, &copied, &args.file, "holds")?;
    Ok(Exit::Done)
}

/// What the store says, with a hint where something is in the way.
pub(super) fn failed(error: clawflow_store::StoreError, hint: &str) -> CliError {
    let in_the_way = error.to_string().ends_with("it is there already");
    let made = CliError { exit: Exit::Unavailable, ..CliError::from(ApiError::from(error)) };
    if in_the_way { made.hint(hint) } else { made }
}

/// What is in the copy.
pub(super) fn tell(
    ctx: &Ctx,
    copied: &Copied,
    file: &std::path::Path,
    verb: &str,
) -> Result<(), CliError> {
    let Copied { bytes: size, flows, tasks } = *copied;
    if ctx.mode.json {
        let all = json!({ "file": file, "bytes": size, "flows": flows, "tasks": tasks });
        return ctx.mode.print_json(&all);
    }
    let (size, file) = (size.div_ceil(1024), crate::cli::escape(&file.display().to_string()));
    ctx.mode.print(&format!("{file} {verb} {flows} flows and {tasks} tasks, {size} KiB, checked\n"))
}
