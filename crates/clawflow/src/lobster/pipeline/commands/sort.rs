//! `sort`: items in order.

use super::stable_sort::stable_sort;
use crate::lobster::pipeline::args::Args;
use crate::lobster::pipeline::command::{Command, Items, Staged, collect};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::value::{Value, at_path, compare_text, number_text, text_of};
use std::cmp::Ordering;

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "sort",
    about: "Put items in order; those that are the same stay as they came",
    flags: &[
        ("key", "string", "path of what they are compared by"),
        ("desc", "boolean", "the greatest first"),
    ],
    required: &[],
    effects: &[],
    run,
};

fn run(items: Items, args: &Args, _: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let path = args.text("key").unwrap_or_default();
    let descending = args.is_on("desc");
    let keyed = |item: Value| (Key::of(&at_path(&item, path)), item);
    let items: Vec<(Key, Value)> = collect(items)?.into_iter().map(keyed).collect();
    let sorted = stable_sort(items, |(left, _), (right, _)| {
        let order = left.compare(right);
        if descending { order.reverse() } else { order }
    });
    Ok(Staged::lazy(sorted.into_iter().map(|(_, item)| Ok(item))))
}

/// What an item is compared by.
enum Key {
    Nothing,
    Number(f64),
    Text(String),
}

impl Key {
    fn of(value: &Value) -> Self {
        match value {
            Value::Undefined | Value::Null => Self::Nothing,
            Value::Number(number) => Self::Number(*number),
            value => Self::Text(text_of(value).into_owned()),
        }
    }

    /// Numbers by size, everything else by its text. With both in one list that is no order at
    /// all, which the sort must bear.
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Nothing, Self::Nothing) => Ordering::Equal,
            (Self::Nothing, _) => Ordering::Greater,
            (_, Self::Nothing) => Ordering::Less,
            (Self::Number(left), Self::Number(right)) => {
                left.partial_cmp(right).unwrap_or(Ordering::Equal)
            }
            (Self::Text(left), Self::Text(right)) => compare_text(left, right),
            (Self::Number(left), Self::Text(right)) => compare_text(&number_text(*left), right),
            (Self::Text(left), Self::Number(right)) => compare_text(left, &number_text(*right)),
        }
    }
}
