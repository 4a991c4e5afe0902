//! What a command is.

use super::args::Args;
use super::ctx::Ctx;
use super::failure::Failure;
use super::halt::Request;
pub(super) use super::items::Items;
use crate::lobster::value::Value;

/// A command of the language.
pub(super) struct Command {
    /// Its name.
    pub(super) name: &'static str,
    /// What it does, in one line.
    pub(super) about: &'static str,
    /// Its flags: name, JSON type, what it is for.
    pub(super) flags: &'static [(&'static str, &'static str, &'static str)],
    /// What must be given: names of flags, `_` for words.
    pub(super) required: &'static [&'static str],
    /// What it does beside passing items on.
    pub(super) effects: &'static [&'static str],
    /// Starts it. What it does to single items is done as they are taken.
    pub(super) run: fn(Items, &Args, &mut Ctx<'_>) -> Result<Staged, Failure>,
}

/// What became of a stage.
pub(super) enum Staged {
    /// Items for the next stage.
    Items(Items),
    /// It printed them; nothing goes on.
    Rendered,
    /// A person has to answer first.
    Halt(Request),
}

impl Staged {
    /// Each item is looked at when it is taken.
    pub(super) fn lazy(items: impl Iterator<Item = Result<Value, Failure>> + 'static) -> Self {
        Self::Items(Items::made(items))
    }

    /// Items that are all there.
    pub(super) fn ready(items: Vec<Value>) -> Self {
        Self::Items(Items::ready(items))
    }
}

/// Takes all items.
pub(super) fn collect(items: Items) -> Result<Vec<Value>, Failure> {
    items.collect()
}

/// Takes all items and drops them: stages before must have done their work.
pub(super) fn drain(mut items: Items) -> Result<(), Failure> {
    items.try_for_each(|item| item.map(drop))
}
