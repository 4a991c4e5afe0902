//! JSON Schemas of a workflow file: what a person's or program's answer must be like.

use std::error::Error;

use boon::{Compiler, Draft, Schemas, UrlLoader, ValidationError};
use serde_json::Value;

use super::effort;
use super::model::Dialect;

/// What the schema calls itself. Nothing is loaded from there.
const HERE: &str = "https://schema.invalid/";
/// Mistakes of a value that are named; more do not help.
const MISTAKES_MAX: usize = 5;

/// A JSON Schema that was compiled once and can be again.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    value: Value,
    draft: Draft,
}

/// A schema refers to itself only: nothing is read from disk or network.
struct Nothing;

impl UrlLoader for Nothing {
    fn load(&self, _: &str) -> Result<Value, Box<dyn Error>> {
        Err("a schema cannot refer to other files".into())
    }
}

impl Schema {
    /// Checks that `value` is a schema. Without `$schema` it is of draft 2020-12; in a Lobster file
    /// of draft 7, as there.
    ///
    /// # Errors
    /// Why it is none.
    pub fn new(value: Value, dialect: Dialect) -> Result<Self, String> {
        let draft = match dialect {
            Dialect::Strict => Draft::V2020_12,
            Dialect::Lobster => Draft::V7,
        };
        let schema = Self { value, draft };
        schema.compiled().map(|_| schema.clone())
    }

    /// The schema as it was written.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    fn compiled(&self) -> Result<(Schemas, boon::SchemaIndex), String> {
        let mut schemas = Schemas::new();
        let mut compiler = Compiler::new();
        compiler.use_loader(Box::new(Nothing));
        compiler.set_default_draft(self.draft);
        let resource = compiler.add_resource(HERE, self.value.clone());
        resource.map_err(|error| one_line(&format!("{error:#}")))?;
        let index = compiler.compile(HERE, &mut schemas);
        index.map(|index| (schemas, index)).map_err(|error| one_line(&format!("{error:#}")))
    }

    /// Whether a value is as the schema says.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        if !effort::is_bounded(&self.value, value) {
            return Err("its schema asks for too much work: it multiplies".to_owned());
        }
        let (schemas, index) = self.compiled()?;
        schemas.validate(value, index).map_err(|error| {
            let mut mistakes = Vec::new();
            collect(&error, &mut mistakes);
            mistakes.truncate(MISTAKES_MAX);
            mistakes.join("; ")
        })
    }
}

/// The innermost mistakes: those around them only say that there are some.
fn collect(error: &ValidationError<'_, '_>, mistakes: &mut Vec<String>) {
    if error.causes.is_empty() {
        let place = error.instance_location.to_string();
        let place = if place.is_empty() { "the value".to_owned() } else { place };
        mistakes.push(format!("{place}: {}", error.kind));
    }
    for cause in error.causes.iter().take(MISTAKES_MAX) {
        if mistakes.len() < MISTAKES_MAX {
            collect(cause, mistakes);
        }
    }
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").replace(HERE, "").replace("jsonschema", "schema")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(schema: Value, value: &Value) -> Result<(), String> {
        Schema::new(schema, Dialect::Strict).unwrap().check(value)
    }

    #[test]
    fn a_value_is_checked_and_its_mistakes_are_placed() {
        let schema = json!({
            "type": "object", "required": ["count"],
            "properties": { "count": { "type": "integer", "minimum": 1 } },
        });
        assert_eq!(check(schema.clone(), &json!({ "count": 2 })), Ok(()));
        let wrong = check(schema.clone(), &json!({ "count": "2" })).unwrap_err();
        assert!(wrong.starts_with("/count: "), "{wrong}");
        let wrong = check(schema, &json!({})).unwrap_err();
        assert!(wrong.contains("count"), "{wrong}");
    }

    #[test]
    fn what_is_no_schema_or_reaches_out_is_refused() {
        for schema in [
            json!({ "type": "strange" }),
            json!({ "$ref": "file:///etc/passwd" }),
            json!({ "$ref": "https://example.org/schema.json" }),
            json!({ "properties": 3 }),
            json!("text"),
        ] {
            let error = Schema::new(schema.clone(), Dialect::Strict).unwrap_err();
            assert!(!error.is_empty() && !error.contains('\n'), "{schema}: {error}");
        }
    }

    #[test]
    fn a_schema_that_multiplies_is_no_end_of_the_program() {
        let next = |at: usize| json!({ "$ref": format!("#/$defs/d{}", at + 1) });
        let defs = (0..12).map(|at| (format!("d{at}"), json!({ "anyOf": vec![next(at); 10] })));
        let mut defs: serde_json::Map<_, _> = defs.collect();
        defs.insert("d12".to_owned(), json!({ "type": "string" }));
        let wrong = check(json!({ "$ref": "#/$defs/d0", "$defs": defs }), &json!({}));
        assert!(wrong.unwrap_err().contains("too much work"));
    }

    #[test]
    fn a_schema_that_refers_to_itself_without_end_is_no_end_of_the_program() {
        assert!(check(json!({ "$ref": "#" }), &json!(1)).is_err());
    }
}
