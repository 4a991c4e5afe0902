//! Mappings with known keys.

use serde_json::{Map, Value, json};

/// For which dialect a schema is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Make {
    /// An unknown key is an error, an empty value too.
    pub(super) strict: bool,
}

impl Make {
    /// A mapping: its keys and what each of them is, and those that it cannot have.
    pub(super) fn object(
        self,
        keys: &[&str],
        refused: &[&str],
        what: impl Fn(Self, &str) -> Option<(&'static str, Value)>,
    ) -> Value {
        let mut properties = Map::new();
        for key in keys.iter().filter(|key| !refused.contains(key)) {
            let property = match what(self, key) {
                Some((says, schema)) => self.property(says, schema),
                // A test names it.
                None => json!(true),
            };
            properties.insert((*key).to_owned(), property);
        }
        if self.strict {
            return json!({
                "type": "object", "additionalProperties": false, "properties": properties,
            });
        }
        properties.extend(refused.iter().map(|key| ((*key).to_owned(), json!(false))));
        json!({ "type": "object", "properties": properties })
    }

    /// A type with a description. Beside a `$ref` nothing else counts.
    fn property(self, says: &str, schema: Value) -> Value {
        let mut schema = match schema {
            // Lobster takes an empty value as no key at all.
            schema if !self.strict => json!({ "anyOf": [schema, { "type": "null" }] }),
            schema if schema.get("$ref").is_some() => json!({ "allOf": [schema] }),
            schema => schema,
        };
        schema["description"] = says.into();
        schema
    }

    /// That a mapping has a key.
    fn has(self, key: &str) -> Value {
        match self.strict {
            true => json!({ "required": [key] }),
            false => json!({
                "required": [key],
                "properties": { key: { "not": { "type": "null" } } },
            }),
        }
    }

    /// Adds to a mapping that it has at least one of these keys.
    pub(super) fn some_of(self, schema: Value, keys: &[&str]) -> Value {
        let keys: Vec<Value> = keys.iter().map(|key| self.has(key)).collect();
        and(schema, json!({ "anyOf": keys }))
    }

    /// Adds to a mapping that it has not both keys of any of these pairs. Of Lobster's only the
    /// reader knows: there an empty one does not count.
    pub(super) fn not_both(self, mut schema: Value, pairs: &[(&str, &str)]) -> Value {
        for (one, other) in pairs.iter().filter(|_| self.strict) {
            schema["dependencies"][one]["properties"][other] = json!(false);
        }
        schema
    }

    /// Adds to a mapping that each of these keys means something beside another one only.
    pub(super) fn beside(self, schema: Value, keys: &[&str], other: &str) -> Value {
        let keys: Vec<Value> = keys.iter().map(|key| self.has(key)).collect();
        and(schema, json!({ "if": { "anyOf": keys }, "then": self.has(other) }))
    }
}

/// Adds a rule to a schema.
fn and(mut schema: Value, rule: Value) -> Value {
    match schema.get_mut("allOf").and_then(Value::as_array_mut) {
        Some(rules) => rules.push(rule),
        None => schema["allOf"] = json!([rule]),
    }
    schema
}

/// Adds members to a schema.
pub(super) fn with(mut schema: Value, more: Value) -> Value {
    if let (Value::Object(schema), Value::Object(more)) = (&mut schema, more) {
        schema.extend(more);
    }
    schema
}

/// A definition of the schema.
pub(super) fn at(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}
