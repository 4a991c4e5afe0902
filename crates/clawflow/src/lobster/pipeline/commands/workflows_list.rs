//! `workflows.list`: the workflows that come with the program.

use crate::lobster::pipeline::args::Args;
use crate::lobster::pipeline::command::{Command, Items, Staged, drain};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "workflows.list",
    about: "List the workflows that come with the program",
    flags: &[],
    required: &[],
    effects: &[],
    run,
};

/// There are none: Lobster's two watch pull requests on GitHub with the account of its user.
fn run(items: Items, _: &Args, _: &mut Ctx<'_>) -> Result<Staged, Failure> {
    drain(items)?;
    Ok(Staged::ready(Vec::new()))
}
