//! `workflows.run`: one of the workflows that come with the program.

use super::pull_request;
use crate::lobster::pipeline::args::{Args, Flag};
use crate::lobster::pipeline::command::{Command, Items, Staged, drain};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::value::{Value, read_json};

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "workflows.run",
    about: "Run one of the workflows that come with the program",
    flags: &[
        ("name", "string", "which one; workflows.list has them"),
        ("args-json", "string", "its arguments, an object as JSON"),
    ],
    required: &["name"],
    effects: &["local_exec", "writes_state"],
    run,
};

fn run(items: Items, args: &Args, ctx: &mut Ctx<'_>) -> Result<Staged, Failure> {
    drain(items)?;
    let name = args.flag_or_word("name").filter(Flag::is_truthy);
    let name = name.ok_or_else(|| Failure::new("workflows.run requires --name"))?;
    let workflow = pull_request::WORKFLOWS.iter().find(|workflow| workflow.name == name.as_str());
    let workflow =
        workflow.ok_or_else(|| Failure::new(format!("Unknown workflow: {}", name.as_str())))?;
    let given = match args.flag("args-json").filter(|given| given.is_truthy()) {
        Some(text) => read_json(text.as_str())
            .map_err(|_| Failure::new("workflows.run --args-json must be valid JSON"))?,
        None => Value::Undefined,
    };
    Ok(Staged::ready(vec![(workflow.run)(&given, ctx)?]))
}
