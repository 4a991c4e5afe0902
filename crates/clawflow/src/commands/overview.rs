//! `clawflow` without arguments.

use crate::cli::{CliError, Exit, Start};

const TEXT: &str = "\
clawflow runs the long jobs of AI agents so that nothing gets lost

  clawflow run FILE          start a flow from a workflow file and follow it
  clawflow flows list        what is active, what waits, and for what
  clawflow flows show FLOW   one flow: its steps, its waits, its outputs

more: clawflow --help, clawflow COMMAND --help, clawflow doctor
";

/// Prints it.
pub(crate) fn run(start: &Start) -> Result<Exit, CliError> {
    start.mode.print(TEXT)?;
    Ok(Exit::Done)
}
