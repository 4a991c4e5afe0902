//! Texts, numbers, durations.

use serde_json::{Value, json};

use super::super::keys;
use super::super::limits::{DURATION_MS_MAX, NAME_BYTES_MAX, TIMEOUT_MS_MAX};
use super::object::{Make, at, with};
use crate::limits::{QUEUE_NAME_BYTES_MAX, QUEUE_PRIORITY_MAX};

/// Text; a number or boolean needs quotes.
pub(super) fn text() -> Value {
    json!({ "type": "string" })
}

/// Text, or a number or boolean as it is written.
pub(super) fn label() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

/// What references can name.
pub(super) fn name() -> Value {
    json!({
        "type": ["string", "number", "boolean"],
        "pattern": "^[A-Za-z0-9_-]+$",
        "maxLength": NAME_BYTES_MAX,
    })
}

/// A whole number within bounds.
pub(super) fn whole(least: u64, most: u64) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

/// A queue: its name, or its name and a priority.
pub(super) fn queue(make: Make) -> Value {
    let name = json!({
        "type": "string", "pattern": "^[A-Za-z0-9_-]+$", "maxLength": QUEUE_NAME_BYTES_MAX,
    });
    let most = QUEUE_PRIORITY_MAX;
    let named = make.object(&keys::QUEUE, &[], |_, key| {
        Some(match key {
            "name" => ("Its name, which the configuration has.", name.clone()),
            "priority" => (
                "Who is first of those that wait in it: the higher one.",
                json!({ "type": "integer", "minimum": -most, "maximum": most }),
            ),
            _ => return None,
        })
    });
    json!({ "anyOf": [name, with(named, json!({ "required": ["name"] }))] })
}

/// One of a few words.
pub(super) fn one_of(words: &[&str]) -> Value {
    json!({ "enum": words })
}

/// `1h30m`.
pub(super) fn duration() -> Value {
    json!({
        "type": "string",
        "pattern": r"^\s*(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?\s*$",
        "minLength": 2,
        "examples": ["250ms", "30s", "10m", "2h", "3d", "1h30m"],
    })
}

/// A limit of an attempt, in milliseconds.
pub(super) fn timeout_ms() -> Value {
    whole(1, TIMEOUT_MS_MAX)
}

/// A pause, in milliseconds.
pub(super) fn pause_ms() -> Value {
    whole(0, DURATION_MS_MAX)
}

/// A condition.
pub(super) fn condition() -> Value {
    json!({
        "type": ["string", "boolean"],
        "examples": ["$check.json.count > 0 && !$review.skipped"],
    })
}

/// Variables. Lobster ignores what is not text.
pub(super) fn env(make: Make) -> Value {
    let values = match make.strict {
        true => label(),
        false => json!(true),
    };
    json!({
        "type": "object",
        "propertyNames": { "pattern": "^[^=]+$" },
        "additionalProperties": values,
    })
}

/// One failure: an exit code, or a text.
fn failure() -> Value {
    json!({ "anyOf": [whole(1, 255), { "type": "string", "minLength": 1 }] })
}

/// One failure, or some.
pub(super) fn failures() -> Value {
    json!({ "anyOf": [failure(), { "type": "array", "minItems": 1, "items": failure() }] })
}

/// Some steps.
pub(super) fn steps(definition: &str) -> Value {
    json!({ "type": "array", "minItems": 1, "items": at(definition) })
}
