//! Whose flows these are: the home that clawflow uses, or one of its own below Lobster's state
//! directory where a caller has set that.

use super::trouble::Trouble;
use crate::cli::{Ctx, Mode};
use crate::config::{EnvMap, Flags, Settings, table};
use clawflow_core::hash::sha256;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Time between SIGTERM and SIGKILL, as in Lobster.
const GRACE: Duration = Duration::from_millis(250);
/// Longest path of a home whose socket is inside of it; the name of a socket has 107 bytes.
const HOME_BYTES_MAX: usize = 80;

/// The settings of a run.
pub(super) fn ctx(mut flags: Flags) -> Result<Ctx, Trouble> {
    let env = EnvMap::from_process();
    if flags.home.is_none()
        && env.get("CLAWFLOW_HOME").is_none()
        && let Some(dir) = named_dir()
    {
        let home = std::path::absolute(&dir).unwrap_or(dir).join("clawflow");
        if home.as_os_str().len() > HOME_BYTES_MAX && env.get("CLAWFLOW_GATEWAY_SOCKET").is_none() {
            let socket = short_socket(&env, &home).display().to_string();
            flags.set("--socket", &table::GATEWAY_SOCKET, socket);
        }
        flags.home = Some(home);
    }
    let loaded = Settings::load(&flags, &env);
    let mut settings = loaded.map_err(|errors| Trouble::runtime(errors.to_string()))?;
    settings.cancel.grace = GRACE;
    Ok(Ctx { settings, env, mode: Mode::default() })
}

/// A socket for a home whose own path is too long for one.
fn short_socket(env: &EnvMap, home: &Path) -> PathBuf {
    let mut name = sha256(home.as_os_str().as_encoded_bytes());
    name.truncate(16);
    let dir = env.absolute_path("XDG_RUNTIME_DIR").unwrap_or_else(std::env::temp_dir);
    dir.join(format!("clawflow-{name}.sock"))
}

/// Lobster's directory of values and names.
pub(super) fn state_dir() -> Option<PathBuf> {
    let user = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".lobster").join("state"));
    named_dir().or_else(user)
}

/// The directory that a caller has set.
fn named_dir() -> Option<PathBuf> {
    let dir = std::env::var("LOBSTER_STATE_DIR").ok()?;
    Some(dir.trim().to_owned()).filter(|dir| !dir.is_empty()).map(PathBuf::from)
}

/// A variable of the caller without the white space around it, unless nothing is left.
pub(super) fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok()?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}
