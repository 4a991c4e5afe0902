//! Problems: their schema, and which status can come with what.

use crate::endpoint::{Endpoint, Verb};
use crate::http;
use crate::problem::{CODES, TYPE, http_status};
use clawflow_core::json::Object;
use serde_json::{Value, json};

/// Every status of a problem with the name of its response and what it means.
const STATUSES: &[(u16, &str, &str)] = &[
    (400, "BadRequest", "The request cannot be read, or its arguments are wrong."),
    (401, "Unauthorized", "There is no token, or none that is good."),
    (403, "Forbidden", "The token does not allow it, or the host or web page is not let in."),
    (404, "NotFound", "There is no such record that the caller may see."),
    (408, "Timeout", "The body did not come in time."),
    (409, "Conflict", "The record's state does not allow it, or several are meant."),
    (412, "Changed", "The flow has changed since the revision that was expected."),
    (413, "TooLarge", "The body is too large."),
    (415, "NoJson", "The body is not said to be JSON."),
    (429, "TooMany", "Too many requests."),
    (503, "Unavailable", "Not now: the server stops, is full, or could not store it."),
    (507, "StoreFull", "There is no room on the disk."),
];

/// The statuses of problems that a row can answer with.
pub(super) fn statuses(row: &Endpoint) -> Vec<u16> {
    let fields = row.fields();
    let names = |field: &&str| {
        matches!(
            *field,
            "flow" | "task" | "token" | "delivery" | "ids" | "parent" | "queue" | "schedule"
        )
    };
    let names_record = fields.iter().any(names);
    let mut all = vec![400, 401, 403, 429, 503];
    if names_record || row.verb == Verb::Post {
        all.extend([404, 409]);
    }
    if row.verb == Verb::Post {
        all.extend([408, 413, 415, 507]);
    }
    if fields.contains(&http::REVISION) {
        all.push(412);
    }
    all.sort_unstable();
    all
}

/// References to the responses of these statuses.
pub(super) fn refs(statuses: &[u16]) -> Object {
    let known = STATUSES.iter().filter(|(status, ..)| statuses.contains(status));
    known
        .map(|(status, name, _)| {
            let to = json!({ "$ref": format!("#/components/responses/{name}") });
            (status.to_string(), to)
        })
        .collect()
}

/// The responses themselves.
pub(super) fn responses() -> Value {
    let all = STATUSES.iter().map(|(status, name, about)| {
        let codes: Vec<&str> = match status {
            // Of any record, or about the request itself.
            404 => vec!["bad_request", "not_found"],
            408 | 413 | 415 => vec!["bad_request"],
            status => CODES.iter().copied().filter(|code| http_status(code) == *status).collect(),
        };
        let schema = json!({
            "allOf": [{ "$ref": "#/components/schemas/ApiError" }],
            "properties": { "status": { "const": status }, "code": { "enum": codes } },
            "required": if *status == 412 {
                vec!["status", "code", "currentRevision", "current"]
            } else {
                vec!["status", "code"]
            },
        });
        let mut response = json!({
            "description": about,
            "content": { "application/problem+json": { "schema": schema } },
        });
        if [429, 503].contains(status) {
            let header = json!({ "$ref": "#/components/headers/RetryAfter" });
            response["headers"] = json!({ "Retry-After": header });
        }
        ((*name).to_owned(), response)
    });
    Value::Object(all.collect())
}

/// The schema of every problem.
pub(super) fn schema() -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    let integer = json!({ "type": "integer", "minimum": 0, "format": "uint64" });
    let number = |about: &str| {
        let mut schema = integer.clone();
        schema["description"] = about.into();
        schema
    };
    json!({
        "type": "object",
        "description": "Why a call failed, as RFC 9457 has it.",
        "required": ["type", "title", "status", "detail", "code", "message"],
        "properties": {
            "type": text(&format!("`{TYPE}` and the code.")),
            "title": text("What the code means."),
            "status": { "type": "integer", "description": "The HTTP status." },
            "detail": text("As `message`."),
            "code": { "type": "string", "enum": CODES, "description": "Stable, for programs." },
            "message": text("Why, for people."),
            "hint": text("What to do about it."),
            "current": {
                "$ref": "#/components/schemas/Flow",
                "description": "The flow as it is, where a command was refused.",
            },
            "candidates": {
                "type": "array", "items": { "type": "string" },
                "description": "Ids that a token may mean.",
            },
            "expectedRevision": number("The revision that was expected."),
            "currentRevision": number("The revision that the flow has."),
        },
    })
}
