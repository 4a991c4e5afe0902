//! Texts with `{{path}}` and `{{path | filter …}}` in them.

mod calendar;
mod date;
mod filters;
mod holes;
mod replace;

use super::failure::Failure;
use crate::lobster::value::{Value, at_path, compact, text_of};
use filters::Filter;
use holes::{Piece, pieces};
use std::borrow::Cow;

/// A text with holes.
pub(super) struct Template {
    parts: Vec<Part>,
}

enum Part {
    Text(String),
    Hole { path: String, filters: Vec<Filter> },
}

/// Room for what most templates make.
const FILLED: usize = 32;

impl Template {
    /// A text whose holes are paths.
    pub(super) fn plain(text: &str) -> Self {
        Self::read(text, |hole| Part::Hole { path: hole.to_owned(), filters: Vec::new() })
    }

    /// A text whose holes are paths with filters.
    pub(super) fn with_filters(text: &str) -> Self {
        Self::read(text, |hole| {
            let mut chain = holes::chain(hole).into_iter();
            let path = chain.next().unwrap_or_default();
            Part::Hole { path, filters: chain.map(|text| Filter::parse(&text)).collect() }
        })
    }

    fn read(text: &str, hole: impl Fn(&str) -> Part) -> Self {
        let parts = pieces(text).into_iter().map(|piece| match piece {
            Piece::Text(text) => Part::Text(text.to_owned()),
            Piece::Hole(text) => hole(text),
        });
        Self { parts: parts.collect() }
    }

    /// The text for an item.
    pub(super) fn fill(&self, item: &Value) -> Result<String, Failure> {
        let mut filled = String::with_capacity(FILLED);
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Hole { path, filters } => {
                    let mut value = looked_up(item, path);
                    for filter in filters {
                        value = Cow::Owned(filter.apply(value.into_owned())?);
                    }
                    filled.push_str(&shown(&value));
                }
            }
        }
        Ok(filled)
    }

    /// The text for an item, of a template without filters.
    pub(super) fn fill_plain(&self, item: &Value) -> String {
        // Only filters fail.
        self.fill(item).unwrap_or_default()
    }
}

fn looked_up<'v>(item: &'v Value, path: &str) -> Cow<'v, Value> {
    match path {
        "." | "this" => Cow::Borrowed(item),
        path => at_path(item, path),
    }
}

fn shown(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Undefined | Value::Null => Cow::Borrowed(""),
        Value::List(_) | Value::Object(_) => Cow::Owned(compact(value).unwrap_or_default()),
        value => text_of(value),
    }
}
