//! `clawflow restore`.

use super::backup::{failed, tell};
use crate::cli::{CliError, Ctx, Exit};
use clap::Args;
use clawflow_gateway::holder::{self, HolderInfo, Kind, Taken};
use clawflow_store::SqliteStore;
use std::path::PathBuf;

/// Where from.
#[derive(Debug, Args)]
#[command(after_help = "\
Work that went on after the copy was made is not in it: steps that have run since then run again
once a gateway drives them.")]
pub(crate) struct RestoreArgs {
    /// a file of `clawflow backup`
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// also where the home has records; they are kept beside, under another name
    #[arg(long)]
    force: bool,
}

/// Puts the copy in the place of the ledger.
pub(crate) fn run(ctx: &Ctx, args: &RestoreArgs) -> Result<Exit, CliError> {
    // Before anything of the home is touched.
    SqliteStore::check_copy(&args.file).map_err(|error| failed(error, ""))?;
    let home = &ctx.settings.home;
    let socket = &ctx.settings.gateway.socket;
    let me = HolderInfo::this_process(Kind::Command, env!("CARGO_PKG_VERSION"), socket);
    let unavailable = |why: String| CliError::new(Exit::Unavailable, "unavailable", why);
    let _guard = match holder::take(home, me) {
        Ok(Taken::Lock(guard)) => guard,
        Ok(Taken::HeldBy(holder)) => {
            let message = format!("{} is in use by process {}", home.display(), holder.pid);
            return Err(unavailable(message).hint("clawflow gateway stop"));
        }
        Err(error) => return Err(unavailable(error.to_string())),
    };
    let restored = SqliteStore::restore(home, &args.file, args.force);
    let (copied, kept) = restored
        .map_err(|error| failed(error, "--force keeps what is there under another name"))?;
    tell(ctx, &copied, home, "now holds")?;
    if let Some(kept) = kept {
        ctx.mode.note(&format!("what was there is in {}", kept.display()));
    }
    Ok(Exit::Done)
}
