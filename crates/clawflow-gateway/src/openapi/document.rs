//! The document as a whole.

use super::schemas::Schemas;
use super::{NAME, PATH, SUMMARY, errors, operation};
use crate::endpoints::{ENDPOINTS, PROBES};
use crate::{http, sse};
use axum::body::Bytes;
use clawflow_core::json::Object;
use serde_json::{Value, json};
use std::sync::OnceLock;

/// What the document says about itself.
const ABOUT: &str = "Durable flows for AI agents. Names are camelCase, times are milliseconds \
since 1970 in UTC, answers are JSON, errors are application/problem+json with a stable `code`. A \
field that a call does not know is an error.";

/// The OpenAPI 3.1 document of this server.
#[must_use]
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Object::new();
    for row in ENDPOINTS {
        let operation = operation::of(row, &mut schemas);
        add(&mut paths, row.path, &row.verb.word().to_ascii_lowercase(), operation);
    }
    add(&mut paths, sse::PATH, "get", operation::stream(&mut schemas));
    add(&mut paths, PATH, "get", itself());
    for (path, summary) in PROBES {
        add(&mut paths, path, "get", probe(path, summary));
    }
    let mut components = schemas.into_components();
    components.insert("ApiError".to_owned(), errors::schema());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "clawflow",
            "description": ABOUT,
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{
            "url": "http://127.0.0.1:7117",
            "description": "Where `gateway.listen` says.",
        }],
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": "A token of `clawflow tokens create`. The unix socket needs none.",
            }},
            "parameters": parameters(),
            "headers": headers(),
            "responses": errors::responses(),
            "schemas": components,
        },
    })
}

/// The document as text, made once.
pub(crate) fn text() -> Bytes {
    static TEXT: OnceLock<Bytes> = OnceLock::new();
    TEXT.get_or_init(|| Bytes::from(document().to_string())).clone()
}

fn add(paths: &mut Object, path: &str, method: &str, operation: Value) {
    let item = paths.entry(path).or_insert_with(|| json!({}));
    if let Value::Object(item) = item {
        item.insert(method.to_owned(), operation);
    }
}

fn itself() -> Value {
    let mut responses = errors::refs(&[401, 403, 429]);
    responses.insert(
        "200".to_owned(),
        json!({
            "description": "The document.",
            "content": { "application/json": { "schema": { "type": "object" } } },
        }),
    );
    json!({
        "operationId": NAME,
        "tags": ["gateway"],
        "summary": SUMMARY,
        "x-clawflow-access": "read",
        "responses": responses,
    })
}

fn probe(path: &str, summary: &str) -> Value {
    let word = json!({ "text/plain": { "schema": { "type": "string" } } });
    let mut responses = errors::refs(&[403, 429]);
    responses.insert("200".to_owned(), json!({ "description": "`ok`", "content": word }));
    if path == "/readyz" {
        responses.insert("503".to_owned(), json!({ "description": "`stopping`", "content": word }));
    }
    json!({
        "operationId": format!("gateway.{}", path.trim_start_matches('/')),
        "tags": ["gateway"],
        "summary": summary,
        "security": [],
        "responses": responses,
    })
}

/// Headers that several calls take.
fn parameters() -> Value {
    let header = |name: &str, about: &str, schema: Value| {
        json!({ "name": name, "in": "header", "required": false,
            "description": about, "schema": schema })
    };
    // Percent-encoded: nothing but what a header may carry.
    let encoded = json!({ "type": "string", "minLength": 1,
        "pattern": "^(?:[!-$&-~]|%[0-9A-Fa-f]{2})+$" });
    json!({
        "Session": header("Clawflow-Session",
            "Session key, percent-encoded: the owner whose records are seen and changed.",
            encoded.clone()),
        "Origin": header("Clawflow-Origin",
            "Where the session's requests come from: an `Origin` as JSON, as base64url.",
            json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]+$" })),
        "Actor": header("Clawflow-Actor",
            "Who answers for the request in the history, percent-encoded.", encoded.clone()),
        "IfMatch": header("If-Match",
            "The revision that it was decided on, as ETag gives it; as `expectedRevision`.",
            json!({ "type": "string", "pattern": "^(?:\"[0-9]{1,18}\"|\\*)$" })),
        "IdempotencyKey": header("Idempotency-Key",
            "The first answer again if this key was used for the same request before (24 h); as \
             `idempotencyKey`.", encoded),
        "LastEventId": header("Last-Event-ID",
            "Goes on after the event with this id; wins over `after`.",
            json!({ "type": "string", "pattern": "^[0-9]{1,18}$" })),
    })
}

fn headers() -> Value {
    json!({
        "ETag": {
            "description": "The flow's revision, in quotes.",
            "required": true,
            "schema": { "type": "string", "pattern": "^\"[0-9]+\"$" },
        },
        "RetryAfter": {
            "description": "Seconds after which to ask again.",
            "schema": { "type": "integer", "minimum": 0 },
        },
    })
}

/// The names of the headers of a binding, as the parameters above.
pub(super) fn binding() -> Vec<Value> {
    ["Session", "Origin", "Actor"].iter().map(|name| parameter(name)).collect()
}

pub(super) fn parameter(name: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{name}") })
}

/// The headers that are fields of a call.
pub(super) fn conditions(fields: &[&str]) -> Vec<Value> {
    let mut made = Vec::new();
    if fields.contains(&http::REVISION) {
        made.push(parameter("IfMatch"));
    }
    if fields.contains(&http::IDEMPOTENCY) {
        made.push(parameter("IdempotencyKey"));
    }
    made
}
