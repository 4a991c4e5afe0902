//! `clawflow completion`.

use crate::cli::{Cli, CliError, Exit, Start};
use clap::{Args, CommandFactory};
use clap_complete::Shell;

/// Which script.
#[derive(Debug, Args)]
#[command(after_help = "for example: clawflow completion bash > \\
  ~/.local/share/bash-completion/completions/clawflow")]
pub(crate) struct CompletionArgs {
    /// the shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Shell,
}

/// Prints it.
pub(crate) fn run(start: &Start, args: CompletionArgs) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "clawflow", &mut script);
    start.mode.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
