//! `workflows.list`: the workflows that come with the program.

use super::pull_request::{WORKFLOWS, Workflow};
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

fn run(items: Items, _: &Args, _: &mut Ctx<'_>) -> Result<Staged, Failure> {
    drain(items)?;
    Ok(Staged::ready(WORKFLOWS.iter().map(Workflow::described).collect()))
}
