//! `where`: the items that a condition holds for.

use super::predicate::Predicate;
use crate::lobster::pipeline::args::Args;
use crate::lobster::pipeline::command::{Command, Items, Staged};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "where",
    about: "Keep the items that a condition holds for",
    flags: &[],
    required: &["_"],
    effects: &[],
    run,
};

fn run(items: Items, args: &Args, _: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let text = args.words.first().filter(|text| !text.is_empty());
    let missing = "where requires an expression (e.g. field=value)";
    let text = text.ok_or_else(|| Failure::new(missing))?;
    let predicate = Predicate::parse(text)
        .ok_or_else(|| Failure::new(format!("Invalid where expression: {text}")))?;
    Ok(Staged::Items(items.each(move |item, _| Ok(predicate.holds(&item).then_some(item)))))
}
