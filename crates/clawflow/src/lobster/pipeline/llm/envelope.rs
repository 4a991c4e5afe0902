//! The shapes of questions and answers, and the item that an answer becomes.

use super::question::Question;
use crate::lobster::schema::Schema;
use crate::lobster::value::{Object, Value, property, read_json, text_of};

/// What a question has to be.
pub(super) const QUESTION: &str = r#"{
    "type": "object",
    "properties": {
        "prompt": {"type": "string", "minLength": 1},
        "artifacts": {"type": "array", "items": {
            "type": "object",
            "properties": {
                "kind": {"type": "string"}, "role": {"type": "string"},
                "name": {"type": "string"}, "mimeType": {"type": "string"},
                "text": {"type": "string"}, "uri": {"type": "string"}
            }
        }},
        "artifactHashes": {"type": "array", "items": {"type": "string", "minLength": 10}}
    },
    "required": ["prompt", "artifacts", "artifactHashes"]
}"#;

/// What an answer has to be.
pub(super) const ANSWER: &str = r#"{
    "type": "object",
    "properties": {
        "ok": {"type": "boolean"},
        "result": {
            "type": "object",
            "properties": {
                "runId": {"type": "string"}, "model": {"type": "string"},
                "prompt": {"type": "string"}, "status": {"type": "string"},
                "output": {
                    "type": "object",
                    "properties": {"text": {"type": "string"}, "format": {"type": "string"}}
                },
                "usage": {
                    "type": "object",
                    "properties": {
                        "inputTokens": {"type": "number"}, "outputTokens": {"type": "number"},
                        "totalTokens": {"type": "number"}
                    }
                },
                "warnings": {"type": "array", "items": {"type": "string"}},
                "metadata": {"type": "object"},
                "diagnostics": {"type": "object"}
            },
            "required": ["output"]
        },
        "error": {"type": "object"}
    },
    "required": ["ok"]
}"#;

/// What is wrong with a value of one of these shapes.
pub(super) fn faults(shape: &str, value: &Value) -> Vec<String> {
    let shape = read_json(shape).unwrap_or_default();
    let faults = Schema::compile(&shape).map(|schema| schema.faults(value));
    let told =
        |fault: crate::lobster::schema::Fault| format!("data{} {}", fault.path, fault.message);
    faults.unwrap_or_default().into_iter().map(told).collect()
}

/// What all items of one call have in common.
pub(super) struct Call<'a> {
    pub(super) kind: &'static str,
    pub(super) source: &'static str,
    pub(super) question: &'a Question,
    pub(super) key: &'a str,
    pub(super) hashes: &'a Value,
    pub(super) attempt: f64,
}

/// The item that an answer becomes.
pub(super) fn item(call: &Call<'_>, answer: &Value) -> Value {
    let result = property(answer, "result");
    let output = property(&result, "output");
    let given = |of: &Value, name: &str| {
        let value = property(of, name).into_owned();
        if value.is_nullish() { Value::Null } else { value }
    };
    let or = |value: Value, other: &str| if value.is_nullish() { other.into() } else { value };
    let data = given(&output, "data");
    let format = if data.is_truthy() { "json" } else { "text" };
    let mut shown = Object::default();
    shown.set("format", or(given(&output, "format"), format));
    shown.set("text", given(&output, "text"));
    shown.set("data", data);
    let status = or(given(&result, "status"), "completed");
    let mut item = Object::default();
    item.set("kind", call.kind.into());
    item.set("runId", given(&result, "runId"));
    item.set("prompt", given(&result, "prompt"));
    item.set("model", given(&result, "model"));
    item.set("schemaVersion", call.question.schema_version.clone().into());
    item.set("status", text_of(&status).into_owned().into());
    item.set("cacheKey", call.key.into());
    item.set("artifactHashes", call.hashes.clone());
    item.set("output", shown.into());
    for name in ["usage", "metadata", "warnings", "diagnostics"] {
        item.set(name, given(&result, name));
    }
    item.set("createdAt", now().into());
    item.set("source", call.source.into());
    item.set("cached", false.into());
    item.set("attemptCount", call.attempt.into());
    item.into()
}

/// An item that was kept.
pub(super) fn replayed(item: Value, source: &str) -> Value {
    let Value::Object(mut item) = item else { return item };
    item.set("source", source.into());
    item.set("cached", true.into());
    item.set("replayed", true.into());
    Value::Object(item)
}

/// This moment.
pub(super) fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
