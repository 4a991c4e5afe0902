//! Mirrored files.

use serde_json::{Value, json};

use super::super::mirrored::{FILE, MEMBER, WINDOW};
use super::object::{Make, with};
use super::values::{label, name, one_of, text};
use crate::schedule::limits::MEMBERS_MAX;

/// The JSON Schema, of draft 7, of mirrored files.
#[must_use]
pub fn mirrored_schema() -> Value {
    let make = Make { strict: true };
    let file = make.object(&FILE, &[], file_key);
    let top = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A mirrored file of clawflow",
    });
    with(with(top, file), json!({ "required": ["name", "mode", "members"] }))
}

fn file_key(make: Make, key: &str) -> Option<(&'static str, Value)> {
    Some(match key {
        "name" => ("What the group is called.", label()),
        "description" => ("What belongs together, for people.", label()),
        "goal" => ("What the members are to reach together, for people.", label()),
        "mode" => ("That the file starts nothing.", one_of(&["mirrored"])),
        "owner" => ("Whose runs are watched.", label()),
        "notify" => (
            "What the owner is told: the end of a window, every change, or nothing.",
            one_of(&["done_only", "state_changes", "silent"]),
        ),
        "window" => (
            "When windows begin: a cron expression, and its zone; else each day.",
            json!({ "anyOf": [text(), make.object(&WINDOW, &[], window_key)] }),
        ),
        "deadline" => ("When members must have begun that do not say it.", deadline()),
        "members" => (
            "What is watched.",
            json!({
                "type": "array", "minItems": 1, "maxItems": MEMBERS_MAX, "items": member(make),
            }),
        ),
        _ => return None,
    })
}

fn window_key(_: Make, key: &str) -> Option<(&'static str, Value)> {
    Some(match key {
        "cron" => ("5 or 6 fields, or a name such as `@daily`.", text()),
        "zone" => ("A zone of the IANA database; else the machine's.", label()),
        _ => return None,
    })
}

fn member(make: Make) -> Value {
    let member = make.object(&MEMBER, &[], |_, key| {
        Some(match key {
            "id" => ("What the group calls it.", name()),
            "label" => ("The label of its tasks.", label()),
            "flow" => ("The name of its workflow.", label()),
            "schedule" => ("The name or id of its schedule.", label()),
            "deadline" => ("When it must have begun.", deadline()),
            _ => return None,
        })
    });
    let by = ["label", "flow", "schedule"].map(|key| json!({ "required": [key] }));
    with(member, json!({ "required": ["id"], "oneOf": by }))
}

/// `06:30`, or `3h`.
fn deadline() -> Value {
    json!({
        "type": "string",
        "pattern": r"^([01]\d|2[0-3]):[0-5]\d$|^(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$",
        "minLength": 2,
        "examples": ["06:30", "3h"],
    })
}
