//! `clawflow gateway status`

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::config::Settings;
use crate::open::{OpenError, Opened, Want, open};
use clawflow_engine::api::StatusResponse;
use clawflow_gateway::{Client, HolderInfo, Kind};

/// The running gateway; an error with exit 5 where none runs.
pub(super) async fn reach(settings: &Settings) -> Result<(Client, HolderInfo), CliError> {
    let Opened::Remote { client, holder, .. } = open(settings, Want::Client).await? else {
        return Err(CliError::internal("a client holds the home"));
    };
    if holder.kind == Kind::Gateway {
        return Ok((client, holder));
    }
    let nobody = CliError::from(OpenError::Nobody { home: settings.home.clone() });
    let pid = holder.pid;
    Err(CliError { hints: Vec::new(), ..nobody }
        .hint(format!("a foreground run drives its own flows there (pid {pid})")))
}

pub(super) async fn run(ctx: &Ctx) -> Result<Exit, CliError> {
    let (client, _) = reach(&ctx.settings).await?;
    let status = client.status().await?;
    if ctx.mode.json {
        ctx.mode.print_json(&status)?;
    } else {
        ctx.mode.print(&text(&status, clawflow_engine::clock::now()))?;
    }
    Ok(Exit::Done)
}

fn text(status: &StatusResponse, now: i64) -> String {
    let StatusResponse { version, pid, home, socket, listen, epoch, running, .. } = status;
    let up = u64::try_from(now - status.started_at).unwrap_or_default() / 1000;
    let flows: Vec<String> = status
        .flows
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    let flows = if flows.is_empty() { "none".to_owned() } else { flows.join(" · ") };
    let (home, socket) = (escape(home), escape(socket));
    let listen = listen.as_ref().map(|at| format!("listen  http://{}\n", escape(at)));
    let listen = listen.unwrap_or_default();
    format!(
        "gateway {version} · pid {pid} · up {} · epoch {epoch}\n\
         home    {home}\nsocket  {socket}\n{listen}tasks   {running} running\nflows   {flows}\n",
        span(up)
    )
}

/// A time in the two largest units that it has.
fn span(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, _, _) => format!("{hours}h {}m", minutes % 60),
        _ => format!("{days}d {}h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_have_two_units() {
        let spans = [0, 59, 61, 7_320, 90_000].map(span);
        assert_eq!(spans, ["0s", "59s", "1m 1s", "2h 2m", "1d 1h"]);
    }
}
