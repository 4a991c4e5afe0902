//! `diff.last`: what changed since the last time.

use crate::lobster::pipeline::args::{Args, Flag};
use crate::lobster::pipeline::command::{Command, Items, Staged, collect};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::pipeline::state::Store;
use crate::lobster::value::{Object, Value};

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "diff.last",
    about: "Compare the items with those of the last time, and keep them",
    flags: &[("key", "string", "name under which they are kept")],
    required: &["key"],
    effects: &["writes_state"],
    run,
};

fn run(items: Items, args: &Args, ctx: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let key = args.flag_or_word("key").filter(Flag::is_truthy);
    let key = key.ok_or_else(|| Failure::new("diff.last requires --key"))?;
    let after = super::state::one_or_all(collect(items)?);
    let store = Store::open(&ctx.env);
    let (before, changed) = store.replace(key.as_str(), &after)?;
    let mut diff = Object::default();
    diff.set("kind", "diff.last".into());
    diff.set("key", Value::from(&key));
    diff.set("changed", changed.into());
    diff.set("before", before);
    diff.set("after", after);
    Ok(Staged::ready(vec![diff.into()]))
}
