//! `commands.list`: what this language has.

use crate::lobster::pipeline::args::Args;
use crate::lobster::pipeline::command::{Command, Items, Staged, drain};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::pipeline::registry;
use crate::lobster::value::{Object, Value};

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "commands.list",
    about: "List the commands of the pipeline language",
    flags: &[],
    required: &[],
    effects: &[],
    run,
};

fn run(items: Items, _: &Args, _: &mut Ctx<'_>) -> Result<Staged, Failure> {
    drain(items)?;
    Ok(Staged::ready(registry::COMMANDS.iter().map(|command| describe(command)).collect()))
}

fn describe(command: &Command) -> Value {
    let mut fields = Object::default();
    fields.set("name", command.name.into());
    fields.set("description", command.about.into());
    fields.set("argsSchema", schema(command));
    fields.set("examples", Value::Null);
    fields.set("sideEffects", texts(command.effects));
    fields.into()
}

fn schema(command: &Command) -> Value {
    let mut properties = Object::default();
    for (name, kind, about) in command.flags {
        properties.set(*name, [("type", *kind), ("description", *about)].into());
    }
    let mut words = Object::default();
    words.set("type", "array".into());
    words.set("items", [("type", "string")].into());
    properties.set("_", words.into());
    let mut schema = Object::default();
    schema.set("type", "object".into());
    schema.set("properties", properties.into());
    schema.set("required", texts(command.required));
    schema.into()
}

fn texts(texts: &[&str]) -> Value {
    Value::List(texts.iter().map(|text| Value::from(*text)).collect())
}
