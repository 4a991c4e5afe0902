//! The arguments of `clawflow run`.

use crate::commands::args::name_and_value;
use clap::Args;
use std::path::PathBuf;

/// Which flow to run, and how.
#[derive(Debug, Args)]
#[command(after_help = "\
Without a gateway the flow runs in the foreground: Ctrl-C leaves it safe in the store, and
`clawflow run --continue FLOW` or a gateway goes on with it. With a gateway the flow runs
there, and Ctrl-C only stops looking.")]
pub(crate) struct RunArgs {
    /// the workflow file (.flow.yaml, .yaml, .yml, .json or .lobster); `-` reads standard input
    #[arg(value_name = "FILE", required_unless_present = "continue_flow")]
    pub(super) file: Option<PathBuf>,
    /// an argument of the flow; may be given more than once
    #[arg(long = "arg", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub(super) args: Vec<(String, String)>,
    /// all arguments as a JSON object, for values that are not text
    #[arg(long, value_name = "JSON")]
    pub(super) args_json: Option<String>,
    /// a name for the flow, unique among the owner's live flows
    #[arg(long, value_name = "KEY")]
    pub(super) key: Option<String>,
    /// session key of the owner [default: the file's, else run.owner]
    #[arg(long, value_name = "SESSION")]
    pub(super) owner: Option<String>,
    /// give every approval without asking
    #[arg(long)]
    pub(super) yes: bool,
    /// pass a variable of the environment on to the steps, or set one
    #[arg(long = "env", value_name = "NAME[=VALUE]")]
    pub(super) env: Vec<String>,
    /// directory of steps that name none [default: the current one]
    #[arg(long, value_name = "DIR")]
    pub(super) cwd: Option<PathBuf>,
    /// start the flow under a gateway and return; starts a gateway if none runs
    #[arg(long, conflicts_with = "continue_flow")]
    pub(super) detach: bool,
    /// only say what would be run: nothing is, and nothing is kept
    #[arg(long, conflicts_with_all = ["detach", "continue_flow"])]
    pub(super) dry_run: bool,
    /// go on with a flow that was left
    #[arg(long = "continue", value_name = "FLOW", conflicts_with_all = ["file", "args", "args_json",
        "key", "owner", "yes", "env", "cwd"])]
    pub(super) continue_flow: Option<String>,
}
