//! Starts a gateway that stays when this command has ended.

use crate::cli::{CliError, Exit};
use crate::config::Settings;
use crate::open::{Opened, Want, open};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the gateway may take until it serves.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);
/// Its log, in the home.
const LOG_FILE: &str = "gateway.log";
/// A log of this size is put aside, in place of the one before, when a gateway starts.
const LOG_BYTES: u64 = 16 << 20;
/// How much of the log of a gateway that died is read to say why.
const WHY_BYTES: u64 = 4 << 10;
/// What a step knows about itself is not for a gateway that one of them may start.
const STEP_VARIABLES: [&str; 10] = [
    "CLAWFLOW_FLOW_ID",
    "CLAWFLOW_TASK_ID",
    "CLAWFLOW_STEP",
    "CLAWFLOW_ATTEMPT",
    "CLAWFLOW_FENCE",
    "CLAWFLOW_IDEMPOTENCY_KEY",
    "CLAWFLOW_SOCKET",
    "CLAWFLOW_TOKEN",
    "CLAWFLOW_SESSION",
    "CLAWFLOW_URL",
];

/// Starts `clawflow gateway run` in a session of its own and waits until it serves. Another gateway
/// that was faster is as good.
pub(crate) async fn spawn_background(settings: &Settings) -> Result<(), CliError> {
    if let Some(address) = &settings.remote {
        let message = format!("the gateway at {address} is not to be had");
        let hint = "start it there, or unset CLAWFLOW_URL";
        return Err(CliError::new(Exit::Unavailable, "unavailable", message).hint(hint));
    }
    let home = &settings.home;
    let log_path = home.join(LOG_FILE);
    let (log, from) = open_log(home, &log_path)
        .map_err(|error| CliError::io(format!("cannot open {}", log_path.display()), error))?;
    let mut child = spawn(settings, &log)
        .map_err(|error| CliError::io("cannot start a gateway in the background", error))?;
    let began = Instant::now();
    loop {
        if let Ok(Opened::Remote { .. }) = open(settings, Want::Client).await {
            return Ok(());
        }
        let died = child.try_wait().ok().flatten();
        // Exit 5: there may be a faster one, which is still starting.
        let lost_race = died.and_then(|status| status.code())
            == Some(i32::from(Exit::Unavailable.code()))
            && clawflow_gateway::holder::look(home).is_ok_and(|holder| holder.is_some());
        let failed = match died {
            Some(status) if !lost_race => format!("it ended with {status}"),
            _ if began.elapsed() > PATIENCE => "it does not serve after 10s".to_owned(),
            _ => {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let why = last_words(&log_path, from);
        let message = format!("cannot start a gateway in the background: {failed}{why}");
        return Err(CliError::new(Exit::Unavailable, "unavailable", message)
            .hint(format!("its log is {}", log_path.display())));
    }
}

fn open_log(home: &Path, path: &Path) -> std::io::Result<(File, u64)> {
    DirBuilder::new().recursive(true).mode(0o700).create(home)?;
    if std::fs::metadata(path).is_ok_and(|found| found.len() > LOG_BYTES) {
        std::fs::rename(path, path.with_extension("log.1"))?;
    }
    let log = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    let from = log.metadata()?.len();
    Ok((log, from))
}

fn spawn(settings: &Settings, log: &File) -> std::io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["gateway", "run", "--detached", "--home"]).arg(&settings.home);
    if let Some(config) = &settings.named_config {
        command.arg("--config").arg(std::path::absolute(config)?);
    }
    for name in STEP_VARIABLES {
        command.env_remove(name);
    }
    command
        // A directory that is certainly not in somebody's way.
        .current_dir(&settings.home)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log.try_clone()?)
        .spawn()
}

/// What it wrote since it was started, as the end of a message.
fn last_words(path: &Path, from: u64) -> String {
    let read = || -> std::io::Result<String> {
        let mut log = File::open(path)?;
        let end = log.metadata()?.len();
        log.seek(SeekFrom::Start(from.max(end.saturating_sub(WHY_BYTES))))?;
        let mut bytes = Vec::new();
        log.take(WHY_BYTES).read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    };
    match read() {
        Ok(words) if !words.is_empty() => format!("\n{words}"),
        _ => String::new(),
    }
}
