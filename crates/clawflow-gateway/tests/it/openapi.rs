//! The OpenAPI document: whole, sound, and the same as its copy.

use crate::support::{ask, serve};
use clawflow_engine::Scope;
use clawflow_gateway::{ENDPOINTS, EXTRAS, PROBES, Verb, openapi_document};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Calls `see` with every object in it.
fn each<'a>(value: &'a Value, see: &mut impl FnMut(&'a serde_json::Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            see(fields);
            fields.values().for_each(|value| each(value, see));
        }
        Value::Array(values) => values.iter().for_each(|value| each(value, see)),
        _ => {}
    }
}

#[test]
fn the_copy_is_the_document() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/openapi.json");
    let mut text = serde_json::to_string_pretty(&openapi_document()).unwrap();
    text.push('\n');
    if std::env::var_os("CLAWFLOW_WRITE_DOCS").is_some() {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "run this test with CLAWFLOW_WRITE_DOCS=1");
}

#[test]
fn every_path_is_in_it_and_nothing_else() {
    let document = openapi_document();
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            assert!(operation["summary"].is_string() && operation["responses"]["200"].is_object());
            found.insert((path.clone(), method.to_uppercase(), id));
        }
    }
    let rows = ENDPOINTS.iter().map(|row| (row.path, row.verb.word(), row.name.to_owned()));
    let extras = EXTRAS.iter().map(|extra| (extra.path, "GET", extra.name.to_owned()));
    let probes = PROBES.iter().map(|(path, _)| (*path, "GET", format!("gateway.{}", &path[1..])));
    let wanted: BTreeSet<_> = rows
        .chain(extras)
        .chain(probes)
        .map(|(path, method, id)| (path.to_owned(), method.to_owned(), id))
        .collect();
    assert_eq!(found, wanted);
}

#[test]
fn every_reference_leads_somewhere() {
    let document = openapi_document();
    let mut count = 0;
    each(&document, &mut |fields| {
        if let Some(to) = fields.get("$ref") {
            let to = to.as_str().unwrap();
            let found = document.pointer(to.strip_prefix('#').unwrap());
            assert!(found.is_some(), "{to} leads nowhere");
            count += 1;
        }
    });
    assert!(count > 100, "only {count} references");
}

/// No schema is there that nothing refers to.
#[test]
fn every_schema_is_used() {
    let document = openapi_document();
    let mut used = BTreeSet::new();
    each(&document, &mut |fields| {
        let to = fields.get("$ref").and_then(Value::as_str);
        used.extend(to.and_then(|to| to.strip_prefix("#/components/schemas/")));
    });
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let unused: Vec<_> = schemas.keys().filter(|name| !used.contains(name.as_str())).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn requests_are_exact() {
    let document = openapi_document();
    for row in ENDPOINTS {
        let method = row.verb.word().to_lowercase();
        let operation = &document["paths"][row.path][&method];
        let parameters = operation["parameters"].as_array().unwrap();
        let named = |place: &str| {
            let of = parameters.iter().filter(|one| one["in"] == place);
            of.map(|one| one["name"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
        };
        let mut fields = named("path");
        for name in &fields {
            assert!(row.path.contains(&format!("{{{name}}}")), "{}: {name}", row.name);
        }
        match row.verb {
            Verb::Get => {
                fields.extend(named("query"));
                assert!(operation.get("requestBody").is_none(), "{}", row.name);
            }
            Verb::Post => {
                assert!(named("query").is_empty());
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                if let Some(to) = schema["$ref"].as_str() {
                    let body = document.pointer(&to[1..]).unwrap();
                    assert_eq!(body["additionalProperties"], false, "{}", row.name);
                    fields.extend(body["properties"].as_object().unwrap().keys().cloned());
                }
            }
        }
        let known: BTreeSet<_> = row.fields().iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(fields, known, "{}", row.name);
        let header = |name: &str| {
            let to = format!("#/components/parameters/{name}");
            parameters.iter().any(|one| one["$ref"] == to)
        };
        assert_eq!(header("IfMatch"), known.contains("expectedRevision"), "{}", row.name);
        assert_eq!(header("IdempotencyKey"), known.contains("idempotencyKey"), "{}", row.name);
    }
}

#[test]
fn what_must_be_there_is_said() {
    let document = openapi_document();
    let run = &document["components"]["schemas"]["FlowRunRequest"];
    assert_eq!(run["required"], json!(["source", "file", "cwd"]));
    let settle = &document["components"]["schemas"]["FlowSettleRequest"];
    assert_eq!(settle["required"], json!(["how", "by"]), "the flow is in the path");
    let create = &document["components"]["schemas"]["FlowCreateRequest"];
    let labels = &create["properties"]["labels"];
    assert_eq!(labels["maxProperties"], 64);
    assert_eq!(labels["additionalProperties"]["maxLength"], 4096);
    assert_eq!(settle["properties"]["by"]["maxLength"], 4096);
    let waits = document["components"]["schemas"]["WaitFor"]["oneOf"].as_array().unwrap();
    let person = waits.iter().find(|one| one["properties"]["kind"]["const"] == "person").unwrap();
    let approvers = &person["properties"]["approvers"];
    assert_eq!(approvers["maxItems"], 64);
    assert_eq!(approvers["items"]["maxLength"], 4096);
    let token = &document["components"]["schemas"]["Token"]["properties"];
    assert!(token["label"].is_object() && token.get("hash").is_none(), "it stays in the store");
    let list = document["paths"]["/v1/flows"]["get"]["parameters"].as_array().unwrap();
    let limit = list.iter().find(|one| one["name"] == "limit").unwrap();
    assert_eq!(limit["required"], false);
    assert_eq!(limit["schema"]["type"], "integer");
    assert_eq!(limit["schema"]["minimum"], 0);
    let flow = &document["components"]["schemas"]["Flow"];
    let required = flow["required"].as_array().unwrap();
    assert!(required.contains(&json!("revision")) && !required.contains(&json!("endedAt")));
}

#[tokio::test]
async fn it_is_served() {
    let served = serve(Scope::Nothing);
    let answer = ask(&served.socket, "GET", "/openapi.json", "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), openapi_document());
    let answer = ask(&served.socket, "POST", "/openapi.json", "").await;
    assert_eq!((answer.status, answer.code().as_str()), (405, "bad_request"));
}
