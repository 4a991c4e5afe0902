//! systemd: does the gateway's unit let tasks live, and does it run without a login.

use super::finding::Finding;
use crate::config::{EnvMap, unit_directory};
use crate::systemd::UNIT_NAME;
use std::path::Path;

/// Looks at the unit, where there is systemd.
pub(super) fn examine(env: &EnvMap) -> Vec<Finding> {
    if !Path::new("/run/systemd/system").is_dir() {
        return vec![Finding::ok("systemd", "not there: nothing to look at")];
    }
    let Some(path) = unit_directory(env).map(|dir| dir.join(UNIT_NAME)) else { return Vec::new() };
    let shown = path.display();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let message = "no unit: the gateway is not started by itself";
            return vec![Finding::warn("systemd", message, "clawflow gateway install")];
        }
        Err(error) => {
            let message = format!("cannot read {shown}: {error}");
            return vec![Finding::warn("systemd", message, "clawflow gateway install")];
        }
    };
    let unit = match text.lines().any(|line| line.trim() == "KillMode=process") {
        true => Finding::ok("systemd", format!("{shown}")),
        false => {
            let message = format!("{shown} has no KillMode=process: its stop kills every task");
            Finding::fail("systemd", message, "clawflow gateway install")
        }
    };
    let user = ["USER", "LOGNAME"].iter().find_map(|name| env.get(name));
    let lingers = user.is_some_and(|user| Path::new("/var/lib/systemd/linger").join(user).exists());
    let linger = match lingers {
        true => Finding::ok("linger", "the gateway runs without a login"),
        false => {
            let message = "the gateway ends when you log out";
            Finding::warn("linger", message, "loginctl enable-linger")
        }
    };
    vec![unit, linger]
}
