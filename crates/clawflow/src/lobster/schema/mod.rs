//! JSON Schema (draft 7) of answers, with the faults in the order and the words of Ajv, which is
//! what Lobster shows and what its callers compare with.
//!
//! Use: [`Schema::compile`], then [`Schema::first_fault`] or [`Schema::faults`].
//! Limits: references go to places in the schema itself; `format` is not looked at, as in Lobster.

mod check;
mod keywords;
mod meta;

use super::value::Value;
use check::Check;
use regex::Regex;
use std::collections::HashMap;

/// A schema that makes sense.
pub(crate) struct Schema<'s> {
    root: &'s Value,
    patterns: HashMap<String, Regex>,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where, as a JSON pointer.
    pub(crate) path: String,
    /// What.
    pub(crate) message: String,
}

impl Fault {
    /// Where, with a name for the value as a whole.
    pub(crate) fn place(&self) -> &str {
        if self.path.is_empty() { "/" } else { &self.path }
    }
}

impl<'s> Schema<'s> {
    /// Looks at a schema.
    ///
    /// # Errors
    /// The first keyword that makes no sense.
    pub(crate) fn compile(root: &'s Value) -> Result<Self, String> {
        let mut schema = Self { root, patterns: HashMap::new() };
        meta::check(&mut schema, root)?;
        Ok(schema)
    }

    /// The first fault of a value.
    pub(crate) fn first_fault(&self, value: &Value) -> Option<Fault> {
        Check::new(self, false).run(value).into_iter().next()
    }

    /// All faults of a value.
    pub(crate) fn faults(&self, value: &Value) -> Vec<Fault> {
        Check::new(self, true).run(value)
    }

    /// The part of the schema that a reference names.
    fn resolve(&self, reference: &str) -> Option<&'s Value> {
        let pointer = reference.strip_prefix('#')?;
        let mut found = self.root;
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            found = match found {
                Value::Object(object) => object.get(&part)?,
                Value::List(items) => items.get(part.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        pointer.is_empty().then_some(found).or_else(|| pointer.starts_with('/').then_some(found))
    }
}

#[cfg(test)]
mod tests;
