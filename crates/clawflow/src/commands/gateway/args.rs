//! The subcommands of `clawflow gateway`.

use super::{daemon, install, status, stop};
use crate::cli::{CliError, Ctx, Exit};
use clap::{Args, Subcommand};

/// What to do about the daemon.
#[derive(Debug, Args)]
pub(crate) struct GatewayArgs {
    #[command(subcommand)]
    command: GatewayCommand,
}

#[derive(Debug, Subcommand)]
enum GatewayCommand {
    /// run the daemon in the foreground, until SIGTERM or Ctrl-C; running tasks outlive it
    Run {
        /// leave the terminal's session
        #[arg(long, hide = true)]
        detached: bool,
    },
    /// say whether it runs, since when, and how much it does
    Status,
    /// stop it; running tasks go on, and the next gateway takes them up
    Stop,
    /// write a systemd user unit that runs it
    Install {
        /// only print the unit
        #[arg(long)]
        dry_run: bool,
    },
}

/// Runs the command.
pub(crate) async fn run(ctx: &Ctx, args: GatewayArgs) -> Result<Exit, CliError> {
    match args.command {
        GatewayCommand::Run { detached } => daemon::run(ctx, detached).await,
        GatewayCommand::Status => status::run(ctx).await,
        GatewayCommand::Stop => stop::run(ctx).await,
        GatewayCommand::Install { dry_run } => install::run(ctx, dry_run),
    }
}
