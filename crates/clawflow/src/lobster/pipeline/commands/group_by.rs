//! `groupBy`: items with the same key together.

use crate::lobster::pipeline::args::Args;
use crate::lobster::pipeline::command::{Command, Items, Staged};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::value::{Object, Value, at_path, compact, trim};
use indexmap::IndexMap;

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "groupBy",
    about: "Put items with the same key together",
    flags: &[("key", "string", "path of the key")],
    required: &["key"],
    effects: &[],
    run,
};

fn run(items: Items, args: &Args, _: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let key = trim(args.flag("key").map_or("", |key| key.as_str()));
    if key.is_empty() {
        return Err(Failure::new("groupBy requires --key"));
    }
    let mut groups: IndexMap<Option<String>, (Value, Vec<Value>)> = IndexMap::new();
    for item in items {
        let item = item?;
        let value = at_path(&item, key);
        let group = groups.entry(compact(&value));
        let group = group.or_insert_with(|| (value.into_owned(), Vec::new()));
        group.1.push(item);
    }
    let groups = groups.into_values().map(|(key, items)| {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
        let count = items.len() as f64;
        let mut group = Object::default();
        group.set("key", key);
        group.set("items", items.into());
        group.set("count", count.into());
        Ok(group.into())
    });
    Ok(Staged::lazy(groups))
}
