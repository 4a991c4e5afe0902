//! A message to the standard input of a command.

use super::routes::Entry;
use clawflow_core::delivery::Delivery;
use clawflow_engine::CourierError;
use rustix::process::{Pid, Signal, kill_process_group};
use std::process::Stdio;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Runs the command; the receiver has taken the message when it ends with 0.
pub(super) async fn run(
    entry: &Entry,
    argv: &[String],
    delivery: &Delivery,
) -> Result<(), CourierError> {
    let body = serde_json::to_vec(&super::message(delivery))
        .map_err(|error| CourierError::for_good(error.to_string()))?;
    let Some((program, args)) = argv.split_first() else {
        return Err(CourierError::for_good("the command is empty".to_owned()));
    };
    let mut child = Command::new(program)
        .args(args)
        .env("CLAWFLOW_DELIVERY_ID", &delivery.delivery_id.0)
        .env("CLAWFLOW_IDEMPOTENCY_KEY", &delivery.idempotency_key)
        // A secret of the gateway is none of the command's business.
        .env_remove("CLAWFLOW_TOKEN")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| CourierError::may_pass(format!("{program}: {error}")))?;
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let stdin = child.stdin.take();
    let work = async {
        if let Some(mut stdin) = stdin {
            // A command that does not read its input may still end well.
            let _ = stdin.write_all(&body).await;
        }
        child.wait().await
    };
    match tokio::time::timeout(entry.timeout, work).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(CourierError::may_pass(format!("{program} ended with {status}"))),
        Ok(Err(error)) => Err(CourierError::may_pass(format!("{program}: {error}"))),
        Err(_) => {
            // Also what it has started: the group is its own, and it is not reaped yet.
            if let Some(group) = group {
                let _ = kill_process_group(group, Signal::KILL);
            }
            let why = format!("{program} did not end within {:?}", entry.timeout);
            Err(CourierError::may_pass(why))
        }
    }
}
