//! What the types of Rust bound and those of JSON do not.

use clawflow_core::limits::{LABELS_MAX, TEXT_CHARS_MAX};
use serde_json::{Value, json};

/// Adds the bounds of a field of a request.
pub(super) fn add(name: &str, schema: &mut Value) {
    integers(schema);
    match (name, &mut *schema) {
        ("labels", Value::Object(fields)) => {
            let text = json!({ "type": "string", "maxLength": TEXT_CHARS_MAX });
            fields.insert("maxProperties".to_owned(), LABELS_MAX.into());
            fields.insert("propertyNames".to_owned(), text.clone());
            fields.insert("additionalProperties".to_owned(), text);
        }
        ("by", Value::Object(fields)) => {
            fields.insert("maxLength".to_owned(), TEXT_CHARS_MAX.into());
        }
        _ => {}
    }
    let text = match name {
        // Of the machine that the gateway runs on.
        "cwd" => Some("^/"),
        _ => None,
    };
    if let (Some(pattern), Value::Object(fields)) = (text, schema) {
        fields.insert("pattern".to_owned(), pattern.into());
    }
}

/// Says of every integer in it which numbers its type holds.
pub(super) fn integers(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let format = fields.get("format").and_then(Value::as_str).unwrap_or_default();
            let bounds: Option<(Value, Value)> = match format {
                "uint64" | "uint" => Some((0.into(), u64::MAX.into())),
                "int64" => Some((i64::MIN.into(), i64::MAX.into())),
                "uint32" => Some((0.into(), u32::MAX.into())),
                "int32" => Some((i32::MIN.into(), i32::MAX.into())),
                _ => None,
            };
            if let Some((least, most)) = bounds {
                fields.insert("minimum".to_owned(), least);
                fields.insert("maximum".to_owned(), most);
            }
            fields.values_mut().for_each(integers);
        }
        Value::Array(values) => values.iter_mut().for_each(integers),
        _ => {}
    }
}

/// Takes `null` out of what the schema allows.
pub(crate) fn never_null(schema: &mut Value) {
    let Value::Object(fields) = schema else { return };
    if let Some(Value::Array(types)) = fields.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            fields.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(any)) = fields.get_mut("anyOf") {
        any.retain(|one| one["type"] != "null");
        if let [Value::Object(only)] = any.as_slice() {
            let only = only.clone();
            fields.shift_remove("anyOf");
            fields.extend(only);
        }
    }
}

/// What an answer may leave out it leaves out where there is nothing: it is never `null`.
pub(super) fn left_out(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let required = fields.get("required").and_then(Value::as_array).cloned();
            let required = required.unwrap_or_default();
            if let Some(Value::Object(properties)) = fields.get_mut("properties") {
                let optional = |name: &str| !required.iter().any(|known| known == name);
                for (_, one) in properties.iter_mut().filter(|(name, _)| optional(name)) {
                    never_null(one);
                }
            }
            fields.values_mut().for_each(left_out);
        }
        Value::Array(values) => values.iter_mut().for_each(left_out),
        _ => {}
    }
}
