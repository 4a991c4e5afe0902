//! `clawflow gateway stop`

use super::status::reach;
use crate::cli::{CliError, Ctx, Exit};
use crate::open::OpenError;
use clawflow_gateway::HolderInfo;
use clawflow_gateway::holder;
use serde_json::json;
use std::time::{Duration, Instant};

/// How long the gateway may take to give the home back.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) async fn run(ctx: &Ctx) -> Result<Exit, CliError> {
    let (client, gateway) = reach(&ctx.settings).await?;
    let stopping = client.stop().await?;
    wait(ctx, &gateway).await?;
    if ctx.mode.json {
        let answer = json!({ "ok": true, "pid": stopping.pid, "running": stopping.running });
        ctx.mode.print_json(&answer)?;
        return Ok(Exit::Done);
    }
    let tasks = match stopping.running {
        0 => String::new(),
        1 => "; 1 running task goes on, and the next gateway takes it up".to_owned(),
        many => format!("; {many} running tasks go on, and the next gateway takes them up"),
    };
    ctx.mode.print(&format!("gateway stopped (pid {}){tasks}\n", stopping.pid))?;
    Ok(Exit::Done)
}

/// Waits until the home is free or somebody else's.
async fn wait(ctx: &Ctx, gateway: &HolderInfo) -> Result<(), CliError> {
    let home = &ctx.settings.home;
    let began = Instant::now();
    while holder::look(home).map_err(OpenError::from)?.as_ref() == Some(gateway) {
        if began.elapsed() > PATIENCE {
            let why = format!("the gateway (pid {}) has not stopped within 10s", gateway.pid);
            return Err(CliError::new(Exit::StillActive, "still_active", why));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
