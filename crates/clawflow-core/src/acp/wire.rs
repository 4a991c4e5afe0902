//! Messages of JSON-RPC, a line each.

use serde_json::{Value, json};

/// A method that is not known.
pub(super) const METHOD_NOT_FOUND: i64 = -32601;
/// Parameters that make no sense.
pub(super) const INVALID_PARAMS: i64 = -32602;
/// Something went wrong on this side.
pub(super) const INTERNAL: i64 = -32603;
/// The agent wants a login first.
pub(super) const AUTH_REQUIRED: i64 = -32000;

/// A message of the agent.
pub(super) enum Heard {
    /// A request, with its id as JSON.
    Request { id: Value, method: String, params: Value },
    /// Something that it tells.
    Notice { method: String, params: Value },
    /// An answer.
    Answer { id: Value, result: Result<Value, (i64, String)> },
    /// No message at all.
    Noise,
}

/// Reads a line.
pub(super) fn heard(line: &[u8]) -> Heard {
    serde_json::from_slice(line).map_or(Heard::Noise, heard_as)
}

/// Reads a message.
pub(super) fn heard_as(message: Value) -> Heard {
    let Value::Object(mut fields) = message else { return Heard::Noise };
    let mut take = |name: &str| fields.remove(name).unwrap_or_default();
    let (id, method, params) = (take("id"), take("method"), take("params"));
    match (method, id) {
        (Value::String(method), Value::Null) => Heard::Notice { method, params },
        (Value::String(method), id @ (Value::Number(_) | Value::String(_))) => {
            Heard::Request { id, method, params }
        }
        (Value::Null, id @ (Value::Number(_) | Value::String(_))) => {
            let result = match take("error") {
                Value::Null => Ok(take("result")),
                error => Err(error_of(&error)),
            };
            Heard::Answer { id, result }
        }
        _ => Heard::Noise,
    }
}

/// Code and message of an error.
pub(super) fn error_of(error: &Value) -> (i64, String) {
    (error["code"].as_i64().unwrap_or_default(), why(error))
}

/// Why an agent says that it could not: many have a general message, and the reason beside it.
fn why(error: &Value) -> String {
    let message = error["message"].as_str().unwrap_or_default();
    let data = &error["data"];
    let detail = [data, &data["details"], &data["message"]].into_iter().find_map(Value::as_str);
    match detail.filter(|detail| !detail.trim().is_empty() && !message.contains(*detail)) {
        Some(detail) => format!("{message}: {detail}"),
        None => message.to_owned(),
    }
}

/// A request of ours.
pub(super) fn request(id: u64, method: &str, params: Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}

/// Something that we tell.
pub(super) fn notice(method: &str, params: Value) -> String {
    json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string()
}

/// An answer of ours.
pub(super) fn answer(id: &Value, result: Result<Value, (i64, String)>) -> String {
    match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err((code, message)) => {
            json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
        }
    }
    .to_string()
}

/// What tells one of our messages from all others of an attempt; `None` for what is none of ours.
#[must_use]
pub fn key_of(line: &[u8]) -> Option<String> {
    match heard(line) {
        Heard::Request { id, .. } => Some(request_key(&id)),
        Heard::Notice { method, .. } => Some(method),
        Heard::Answer { id, .. } => Some(answer_key(&id)),
        Heard::Noise => None,
    }
}

pub(super) fn request_key(id: &Value) -> String {
    format!("ask {id}")
}

pub(super) fn answer_key(id: &Value) -> String {
    format!("answer {id}")
}
