//! The schemas of requests and answers, as components.
//!
//! A type has two schemas: what is read may leave out what has a default, what is written has it.
//! Where the two differ the one that is read has `Input` after its name.

use super::bounds;
use clawflow_core::json::Object;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const PREFIX: &str = "#/components/schemas/";

/// The two generators, and what was made of requests.
pub(super) struct Schemas {
    read: SchemaGenerator,
    written: SchemaGenerator,
    bodies: BTreeMap<String, Value>,
}

/// The request of a call: its fields with their schemas, and which are required.
pub(super) struct Request {
    pub(super) name: String,
    pub(super) about: Option<Value>,
    pub(super) fields: Object,
    pub(super) required: Vec<String>,
}

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    })
}

impl Schemas {
    pub(super) fn new() -> Self {
        Self {
            read: settings().into_generator(),
            written: settings().for_serialize().into_generator(),
            bodies: BTreeMap::new(),
        }
    }

    /// The schema of an answer: a reference to it.
    pub(super) fn answer(&mut self, make: fn(&mut SchemaGenerator) -> schemars::Schema) -> Value {
        make(&mut self.written).to_value()
    }

    /// The fields of a request.
    pub(super) fn request(
        &mut self,
        make: fn(&mut SchemaGenerator) -> schemars::Schema,
    ) -> Request {
        let reference = make(&mut self.read).to_value();
        let name = reference["$ref"].as_str().and_then(|path| path.rsplit('/').next());
        let name = name.unwrap_or_default().to_owned();
        let mut whole = self.read.definitions().get(&name).cloned().unwrap_or_default();
        let fields = match whole.get_mut("properties").map(Value::take) {
            Some(Value::Object(fields)) => fields,
            _ => Object::new(),
        };
        let required = whole["required"].as_array().cloned().unwrap_or_default();
        let required = required.iter().filter_map(|name| name.as_str().map(str::to_owned));
        let mut request = Request {
            name,
            about: whole.get("description").cloned(),
            required: required.collect(),
            fields,
        };
        for (name, schema) in &mut request.fields {
            bounds::add(name, schema);
        }
        request
    }

    /// Keeps the body of a request as a component, and refers to it.
    pub(super) fn body(&mut self, request: &Request, fields: Object, required: &[String]) -> Value {
        let mut schema = json!({
            "type": "object",
            "properties": fields,
            "additionalProperties": false,
        });
        if let Some(about) = &request.about {
            schema["description"] = about.clone();
        }
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        self.bodies.insert(request.name.clone(), schema);
        json!({ "$ref": format!("{PREFIX}{}", request.name) })
    }

    /// All components. References of requests to what is written differently are renamed; `paths`
    /// need not be, as parameters are made inline.
    pub(super) fn into_components(mut self) -> Object {
        let written = self.written.take_definitions(true);
        let read = self.read.take_definitions(true);
        let differs = |name: &str| {
            written.get(name).is_some_and(|written| read.get(name).is_some_and(|r| r != written))
        };
        let mut all: BTreeMap<String, Value> = BTreeMap::new();
        // What refers to something that differs differs too: the closure, by repetition.
        let mut renamed: Vec<String> = read.keys().filter(|name| differs(name)).cloned().collect();
        loop {
            let more: Vec<String> = read
                .iter()
                .filter(|(name, _)| written.contains_key(*name) && !renamed.contains(name))
                .filter(|(_, schema)| refers_to_any(schema, &renamed))
                .map(|(name, _)| name.clone())
                .collect();
            if more.is_empty() {
                break;
            }
            renamed.extend(more);
        }
        let requests: Vec<String> = self.read_only(&read, &written);
        for (name, mut schema) in read {
            if requests.contains(&name) {
                continue;
            }
            rename(&mut schema, &renamed);
            let name = if renamed.contains(&name) { format!("{name}Input") } else { name };
            bounds::integers(&mut schema);
            all.insert(name, schema);
        }
        for (name, mut schema) in written {
            bounds::left_out(&mut schema);
            bounds::integers(&mut schema);
            all.insert(name, schema);
        }
        for (name, mut schema) in self.bodies {
            rename(&mut schema, &renamed);
            all.insert(name, schema);
        }
        all.into_iter().collect()
    }

    /// Requests themselves: they are bodies and parameters, and no components in their own right.
    fn read_only(&self, read: &Object, written: &Object) -> Vec<String> {
        let is_request = |name: &&String| {
            let ends = name.ends_with("Request") || name.ends_with("Ref") || *name == "Nothing";
            ends && !written.contains_key(*name)
        };
        read.keys().filter(is_request).cloned().collect()
    }
}

fn refers_to_any(schema: &Value, names: &[String]) -> bool {
    match schema {
        Value::Object(fields) => fields.iter().any(|(key, value)| match (key.as_str(), value) {
            ("$ref", Value::String(to)) => {
                to.strip_prefix(PREFIX).is_some_and(|to| names.iter().any(|name| name == to))
            }
            (_, value) => refers_to_any(value, names),
        }),
        Value::Array(values) => values.iter().any(|value| refers_to_any(value, names)),
        _ => false,
    }
}

fn rename(schema: &mut Value, names: &[String]) {
    match schema {
        Value::Object(fields) => {
            for (key, value) in fields {
                match (key.as_str(), &mut *value) {
                    ("$ref", Value::String(to)) => {
                        let name = to.strip_prefix(PREFIX).unwrap_or_default();
                        if names.iter().any(|known| known == name) {
                            to.push_str("Input");
                        }
                    }
                    (_, value) => rename(value, names),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, names)),
        _ => {}
    }
}
