//! The schema of a tool's arguments, from the schema of its call's request.
//!
//! A model reads all of it with every conversation: it has the fields that are of use to it, and
//! nothing that only a program needs. There are no references in it, which some clients do not
//! follow.

use super::tool::{More, Tool};
use crate::endpoint::Endpoint;
use clawflow_core::json::Object;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// The schema.
pub(super) fn of(tool: &Tool, row: &Endpoint) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let whole = (row.request)(&mut settings.into_generator()).to_value();
    let mut properties = Object::new();
    for name in tool.fields {
        let mut schema = whole["properties"][*name].clone();
        if let Some((_, parts)) = tool.parts.iter().find(|(field, _)| field == name) {
            only(&mut schema, parts);
        }
        shorten(&mut schema);
        properties.insert((*name).to_owned(), schema);
    }
    for More { name, kind, about } in tool.more {
        properties.insert((*name).to_owned(), more(kind, about));
    }
    for (name, about) in tool.notes {
        properties[*name]["description"] = (*about).into();
    }
    let needed = whole["required"].as_array().cloned().unwrap_or_default();
    let needed = needed
        .iter()
        .filter_map(Value::as_str)
        .filter(|name| tool.fields.contains(name) && !tool.optional.contains(name));
    let required: Vec<&str> = needed.chain(tool.required.iter().copied()).collect();
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// Leaves these parts of an object only. One that may be absent is one of two kinds.
fn only(schema: &mut Value, parts: &[&str]) {
    let kinds = schema["anyOf"].as_array_mut().into_iter().flatten();
    if let Some(object) = kinds.into_iter().find(|kind| kind["properties"].is_object()) {
        *schema = object.take();
    }
    if let Some(properties) = schema["properties"].as_object_mut() {
        properties.retain(|name, _| parts.contains(&name.as_str()));
    }
    if let Some(fields) = schema.as_object_mut() {
        fields.shift_remove("description");
    }
    schema["required"] = json!(&parts[..2]);
    schema["additionalProperties"] = false.into();
}

fn more(kind: &str, about: &str) -> Value {
    match kind.strip_suffix("[]") {
        Some(item) => {
            json!({ "type": "array", "items": { "type": item }, "description": about })
        }
        None => match kind.split_once(':') {
            Some(("enum", words)) => {
                let words: Vec<&str> = words.split('|').collect();
                json!({ "type": "string", "enum": words, "description": about })
            }
            _ => json!({ "type": kind, "description": about }),
        },
    }
}

/// Leaves out what says nothing to a model: formats of numbers, `null` where a field may be left
/// out, defaults that are nothing, words of an enum one by one.
fn shorten(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let format = fields.get("format").and_then(Value::as_str).unwrap_or_default();
            if format.starts_with("int") || format.starts_with("uint") {
                fields.shift_remove("format");
            }
            for word in ["default", "title", "minimum"] {
                fields.shift_remove(word);
            }
            if fields.get("additionalProperties") == Some(&Value::Bool(true)) {
                fields.shift_remove("additionalProperties");
            }
            if let Some(Value::String(about)) = fields.get_mut("description") {
                *about = about.replace('\n', " ");
            }
            fields.values_mut().for_each(shorten);
            words(fields);
            crate::openapi::never_null(schema);
        }
        Value::Array(values) => values.iter_mut().for_each(shorten),
        _ => {}
    }
}

/// An enum whose words come with what each means is a list of words here.
fn words(fields: &mut Object) {
    let Some(Value::Array(all)) = fields.get("oneOf") else { return };
    let words: Option<Vec<Value>> =
        all.iter().map(|one| one.get("const").filter(|word| word.is_string()).cloned()).collect();
    if let Some(words) = words {
        fields.shift_remove("oneOf");
        fields.insert("type".to_owned(), "string".into());
        fields.insert("enum".to_owned(), words.into());
    }
}
