//! Where output goes and what it looks like there.

use super::error::CliError;
use super::exit::Exit;
use crate::config::{ColorChoice, EnvMap};
use serde::Serialize;
use std::io::{IsTerminal, Write};

/// Code of the error that means: nobody reads our output any more.
pub(super) const BROKEN_PIPE: &str = "broken_pipe";

/// What output looks like.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mode {
    /// `--json`
    pub(crate) json: bool,
    /// Whether to colour standard output.
    pub(crate) color: bool,
    /// Whether standard output is a terminal.
    pub(crate) tty: bool,
    /// Columns of the terminal; none: as wide as it gets.
    pub(crate) width: Option<u16>,
}

impl Mode {
    /// The mode of this process.
    pub(crate) fn of_process(json: bool, choice: ColorChoice, env: &EnvMap) -> Self {
        let tty = std::io::stdout().is_terminal();
        let dumb = env.get("TERM").is_some_and(|term| term == "dumb");
        let color = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => tty && !dumb && env.get("NO_COLOR").is_none(),
        };
        Self { json, color, tty, width: width(tty, env) }
    }

    /// Writes to standard output. A reader that went away ends the command without a word.
    pub(crate) fn print(&self, text: &str) -> Result<(), CliError> {
        let mut stdout = std::io::stdout().lock();
        let result = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        result.map_err(|error| match error.kind() {
            std::io::ErrorKind::BrokenPipe => CliError::new(Exit::Done, BROKEN_PIPE, "broken pipe"),
            _ => CliError::io("cannot write to standard output", error),
        })
    }

    /// Writes stored text of many lines: as it is into a file; on a terminal it may not act.
    pub(crate) fn print_text(&self, text: &str) -> Result<(), CliError> {
        match self.tty {
            true => self.print(&super::escape::escape_lines(text)),
            false => self.print(text),
        }
    }

    /// Writes stored text of many lines to standard error.
    pub(crate) fn print_error(&self, text: &str) {
        let stderr = std::io::stderr();
        let shown = match stderr.is_terminal() {
            true => super::escape::escape_lines(text),
            false => text.to_owned(),
        };
        let _ = stderr.lock().write_all(shown.as_bytes());
    }

    /// Writes a document of JSON: for people on a terminal, on one line elsewhere.
    pub(crate) fn print_json(&self, value: &impl Serialize) -> Result<(), CliError> {
        let made = match self.tty {
            true => serde_json::to_string_pretty(value),
            false => serde_json::to_string(value),
        };
        let text =
            made.map_err(|error| CliError::internal(format!("cannot write JSON: {error}")))?;
        self.print(&format!("{text}\n"))
    }

    /// Writes one line of a stream of JSON values.
    pub(crate) fn print_json_line(&self, value: &impl Serialize) -> Result<(), CliError> {
        Self { tty: false, ..*self }.print_json(value)
    }

    /// Says something to the person at the terminal. Lost words are no failure.
    pub(crate) fn note(&self, text: &str) {
        let text = super::escape::escape_lines(text);
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }
}

fn width(tty: bool, env: &EnvMap) -> Option<u16> {
    let said = env.get("COLUMNS").and_then(|text| text.to_str()?.parse().ok());
    let asked = || rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| size.ws_col);
    said.or_else(|| if tty { asked() } else { None }).filter(|&columns| columns > 0)
}
