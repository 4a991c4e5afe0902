//! `dedupe`: each item once.

use crate::lobster::pipeline::args::Args;
use crate::lobster::pipeline::command::{Command, Items, Staged};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::value::{Value, at_path, compact};
use std::collections::HashSet;

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "dedupe",
    about: "Drop items that were there before",
    flags: &[("key", "string", "path of what makes items the same")],
    required: &[],
    effects: &[],
    run,
};

fn run(items: Items, args: &Args, _: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let key = args.text("key").unwrap_or_default().to_owned();
    // `undefined` has no JSON, and is only the same as itself.
    let mut seen: HashSet<Option<String>> = HashSet::new();
    let is_new = move |item: &Value| seen.insert(compact(&at_path(item, &key)));
    let mut is_new = is_new;
    Ok(Staged::lazy(items.filter(move |item| item.as_ref().map_or(true, &mut is_new))))
}
