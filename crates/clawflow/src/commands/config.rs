//! `clawflow config …`.

use crate::cli::{CliError, Exit, Start};
use crate::config::Settings;
use clap::Subcommand;
use serde_json::json;

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// print every setting, its value and where it comes from
    Show,
    /// look for errors only
    Check,
}

/// Does it.
pub(crate) fn run(start: Start, command: ConfigCommand) -> Result<Exit, CliError> {
    let settings = Settings::load(&start.flags, &start.env)?;
    match (command, start.mode.json) {
        (ConfigCommand::Show, true) => start.mode.print_json(&settings.show_json())?,
        (ConfigCommand::Show, false) => start.mode.print(&settings.show_text())?,
        (ConfigCommand::Check, true) => start.mode.print_json(&json!({ "ok": true }))?,
        (ConfigCommand::Check, false) => start.mode.print(&settings.check_text())?,
    }
    Ok(Exit::Done)
}
