//! `clawflow gateway run`

use super::rest::rest;
use crate::cli::{CliError, Ctx, Exit};
use crate::config::Settings;
use crate::open::{Opened, Want, open};
use std::io::IsTerminal;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Serves until it is told to stop. SIGHUP is left as it is: under `nohup` it is ignored, else it
/// ends the gateway like a crash, which loses nothing.
pub(super) async fn run(ctx: &Ctx, detached: bool) -> Result<Exit, CliError> {
    if detached {
        // Fails only for the leader of a group, which `spawn_background` does not make.
        let _ = rustix::process::setsid();
    }
    log_to_stderr(&ctx.settings)?;
    clawflow_engine::descriptors::raise();
    let listen = |kind| signal(kind).map_err(|error| CliError::io("cannot catch signals", error));
    let mut term = listen(SignalKind::terminate())?;
    let mut int = listen(SignalKind::interrupt())?;
    let opened = open(&ctx.settings, Want::Gateway).await?;
    let Opened::Holder(holder) = &opened else {
        return Err(CliError::internal("a gateway does not hold its home"));
    };
    let Some(server) = holder.server() else {
        return Err(CliError::internal("a gateway does not serve"));
    };
    let (socket, pid) = (server.socket().display(), std::process::id());
    let tcp = server.listen().map(|address| format!(" and http://{address}")).unwrap_or_default();
    // A reader that went away is no reason for a daemon to end.
    let _ = ctx.mode.print(&format!("clawflow gateway: serving {socket}{tcp} (pid {pid})\n"));
    let why = tokio::select! {
        _ = term.recv() => "SIGTERM",
        _ = int.recv() => "SIGINT",
        () = server.stop_asked() => "a request",
        never = rest() => match never {},
    };
    tracing::info!("stopping because of {why}; running tasks go on");
    opened.close().await;
    Ok(Exit::Done)
}

/// A log that cannot be written is lost: to complain about it where nobody reads would panic.
fn log_to_stderr(settings: &Settings) -> Result<(), CliError> {
    let filter = EnvFilter::try_new(&settings.gateway.log)
        .map_err(|error| CliError::usage(format!("gateway.log: {error}")))?;
    let made = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .log_internal_errors(false)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
    made.map_err(|error| CliError::internal(format!("cannot start the log: {error}")))
}
