//! `state.get` and `state.set`: values that outlive a run.

use crate::lobster::pipeline::args::Args;
use crate::lobster::pipeline::command::{Command, Items, Staged, collect};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::pipeline::state::Store;
use crate::lobster::value::Value;

pub(in crate::lobster::pipeline) const GET: Command = Command {
    name: "state.get",
    about: "Read a value that was kept",
    flags: &[],
    required: &["_"],
    effects: &["reads_state"],
    run: get,
};

pub(in crate::lobster::pipeline) const SET: Command = Command {
    name: "state.set",
    about: "Keep the items under a name",
    flags: &[],
    required: &["_"],
    effects: &["writes_state"],
    run: set,
};

fn get(_: Items, args: &Args, ctx: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let value = Store::open(&ctx.env).get(key(args, "state.get")?)?;
    Ok(Staged::ready(vec![value]))
}

fn set(items: Items, args: &Args, ctx: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let key = key(args, "state.set")?;
    let value = one_or_all(collect(items)?);
    Store::open(&ctx.env).set(key, &value)?;
    Ok(Staged::ready(vec![value]))
}

fn key<'a>(args: &'a Args, command: &str) -> Result<&'a str, Failure> {
    let key = args.words.first().filter(|key| !key.is_empty());
    key.map(String::as_str).ok_or_else(|| Failure::new(format!("{command} requires a key")))
}

/// A single item is the value itself.
pub(super) fn one_or_all(mut items: Vec<Value>) -> Value {
    match items.len() {
        1 => items.remove(0),
        _ => Value::List(items),
    }
}
