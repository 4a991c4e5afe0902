//! One operation of the document.

use super::document::{binding, conditions, parameter};
use super::schemas::Schemas;
use super::{bounds, errors};
use crate::endpoint::{Endpoint, Verb};
use crate::sse;
use clawflow_core::event::StoredEvent;
use clawflow_core::json::Object;
use schemars::SchemaGenerator;
use serde_json::{Value, json};

/// The operation of a row.
pub(super) fn of(row: &Endpoint, schemas: &mut Schemas) -> Value {
    let mut request = schemas.request(row.request);
    let mut parameters = Vec::new();
    for name in in_path(row.path) {
        let schema = request.fields.shift_remove(name).unwrap_or_default();
        request.required.retain(|required| required != name);
        parameters.push(field(name, "path", true, schema));
    }
    let body = match row.verb {
        Verb::Get => {
            for (name, schema) in std::mem::take(&mut request.fields) {
                let required = request.required.contains(&name);
                parameters.push(field(&name, "query", required, schema));
            }
            None
        }
        Verb::Post if request.fields.is_empty() => None,
        Verb::Post => {
            let fields = std::mem::take(&mut request.fields);
            let schema = schemas.body(&request, fields, &request.required);
            Some(json!({
                "required": !request.required.is_empty(),
                "content": { "application/json": { "schema": schema } },
            }))
        }
    };
    parameters.extend(conditions(row.fields()));
    parameters.extend(binding());
    let mut operation = json!({
        "operationId": row.name,
        "tags": [row.name.split('.').next()],
        "summary": row.summary,
        "x-clawflow-access": row.access.as_str(),
        "parameters": parameters,
    });
    if let Some(body) = body {
        operation["requestBody"] = body;
    }
    operation["responses"] = responses(row, schemas);
    operation
}

fn responses(row: &Endpoint, schemas: &mut Schemas) -> Value {
    let mut good = json!({
        "description": "Done.",
        "content": { "application/json": { "schema": schemas.answer(row.response) } },
    });
    if (row.tagged)() {
        let header = json!({ "$ref": "#/components/headers/ETag" });
        good["headers"] = json!({ "ETag": header });
    }
    let mut all = Object::new();
    all.insert("200".to_owned(), good);
    all.extend(errors::refs(&errors::statuses(row)));
    Value::Object(all)
}

/// The operation of the feed.
pub(super) fn stream(schemas: &mut Schemas) -> Value {
    let event = schemas.answer(SchemaGenerator::subschema_for::<StoredEvent>);
    let number = json!({ "type": "integer", "format": "uint64", "minimum": 0,
        "maximum": u64::MAX });
    let flow = json!({ "type": "string", "description": "Only the events of this flow or task." });
    let after = json!({
        "description": "Only events after the one with this number; 0: from the beginning. Without \
                        it, and without Last-Event-ID: from now on.",
        "allOf": [number],
    });
    let mut parameters = vec![
        field("flow", "query", false, flow),
        field("after", "query", false, after),
        parameter("LastEventId"),
    ];
    parameters.extend(binding());
    let mut responses = Object::new();
    responses.insert(
        "200".to_owned(),
        json!({
            "description": "Events in the order of their commits: `id` is the `seq`, `event` the \
                            `kind`, `data` a `StoredEvent`.",
            "content": { "text/event-stream": {
                "schema": { "type": "string" },
                "x-clawflow-data": event,
            }},
        }),
    );
    responses.extend(errors::refs(&[400, 401, 403, 404, 409, 429, 503]));
    json!({
        "operationId": sse::NAME,
        "tags": ["event"],
        "summary": sse::SUMMARY,
        "x-clawflow-access": sse::ACCESS.as_str(),
        "parameters": parameters,
        "responses": responses,
    })
}

/// The names of the fields that the path has.
fn in_path(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// A field as a parameter. What is text on the wire cannot be `null`.
fn field(name: &str, place: &str, required: bool, mut schema: Value) -> Value {
    bounds::never_null(&mut schema);
    if let Value::Object(fields) = &mut schema {
        fields.shift_remove("default");
    }
    let about = schema.as_object_mut().and_then(|schema| schema.shift_remove("description"));
    if place == "path"
        && let Value::Object(fields) = &mut schema
    {
        fields.insert("minLength".to_owned(), 1.into());
    }
    let mut made = json!({ "name": name, "in": place, "required": required });
    if let Some(about) = about {
        made["description"] = about;
    }
    made["schema"] = schema;
    made
}
