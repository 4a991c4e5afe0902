//! `lobster help`.

use crate::lobster::pipeline::describe;
use std::io::{self, StdoutLock, Write};
use std::process::ExitCode;

const OVERVIEW: &str = "\
lobster: Lobster's workflow files and pipelines, as durable flows of clawflow

Usage:
  lobster 'PIPELINE'                               the same as lobster run 'PIPELINE'
  lobster run [--mode human|tool] 'PIPELINE'
  lobster run [--mode human|tool] [--args-json JSON] [--file] FILE
  lobster run --dry-run …                          only say what would be run
  lobster graph [--format mermaid|dot|ascii] [--args-json JSON] [--file] FILE
  lobster resume --token TOKEN --approve yes|no    --id ID instead of --token at approvals
  lobster resume --token TOKEN --response-json JSON
  lobster resume --token TOKEN --cancel
  lobster doctor                                   whether pipelines can run here
  lobster version
  lobster help [COMMAND]                           a command of the pipeline language

FILE ends in .lobster, .yaml, .yml or .json. With --mode tool the outcome is one JSON document, for
programs. A run that was killed goes on with the same resume, with clawflow run --continue, or
under a gateway; clawflow flows list shows all of them.

Exit codes: 0 done, or waiting for an answer; 1 failed; 2 bad usage; 129, 130, 131 and 143 after a
signal.
";

/// Prints what there is.
pub(super) fn overview() -> ExitCode {
    print(OVERVIEW)
}

/// Prints what there is, or what one command of a pipeline does.
pub(super) fn run(topic: Option<&str>) -> ExitCode {
    match topic.filter(|topic| !topic.is_empty()) {
        None => overview(),
        Some(topic) => match describe(topic) {
            Some(text) => print(&text),
            None => unknown(topic),
        },
    }
}

/// Says that there is no such command.
pub(super) fn unknown(word: &str) -> ExitCode {
    // Where even this cannot be written, the exit code is all that is left to say.
    let _ = writeln!(io::stderr().lock(), "Unknown command: {word}");
    ExitCode::from(2)
}

/// Writes to standard output. A reader that went away is no failure.
pub(super) fn print(text: &str) -> ExitCode {
    write(|out| out.write_all(text.as_bytes()))
}

/// As [`print()`], for what is written piece by piece.
pub(super) fn write(what: impl FnOnce(&mut StdoutLock<'_>) -> io::Result<()>) -> ExitCode {
    let mut stdout = io::stdout().lock();
    match what(&mut stdout).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}
