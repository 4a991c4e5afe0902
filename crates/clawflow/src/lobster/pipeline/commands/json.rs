//! `json`: prints the items as JSON.

use crate::lobster::pipeline::args::Args;
use crate::lobster::pipeline::command::{Command, Items, Staged, collect};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::value::{Value, pretty};

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "json",
    about: "Print the items as JSON",
    flags: &[],
    required: &[],
    effects: &[],
    run,
};

fn run(items: Items, _: &Args, ctx: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let mut text = pretty(&Value::List(collect(items)?)).unwrap_or_default();
    text.push('\n');
    ctx.print(&text)?;
    Ok(Staged::Rendered)
}
