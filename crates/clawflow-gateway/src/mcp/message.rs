//! Messages of JSON-RPC: reading what a client sends, writing what it gets.

use clawflow_core::json::Object;
use clawflow_engine::api::ApiError;
use serde_json::{Value, json};

/// The text is no JSON.
pub(crate) const PARSE_ERROR: i64 = -32700;
/// It is JSON, but no message.
pub(crate) const INVALID_REQUEST: i64 = -32600;
/// There is no such method here.
pub(crate) const METHOD_NOT_FOUND: i64 = -32601;
/// The parameters are wrong; also: there is no such task, prompt or tool.
pub(crate) const INVALID_PARAMS: i64 = -32602;
/// An error of clawflow itself.
pub(crate) const INTERNAL_ERROR: i64 = -32603;
/// There is no such resource, for clients before 2026-07-28.
pub(crate) const RESOURCE_NOT_FOUND: i64 = -32002;
/// Too much at once.
pub(crate) const BUSY: i64 = -32000;
/// Headers and message do not say the same.
pub(crate) const HEADER_MISMATCH: i64 = -32020;
/// The client did not say that it can do what the answer needs.
pub(crate) const MISSING_CAPABILITY: i64 = -32021;
/// A protocol version that is not spoken here.
pub(crate) const UNSUPPORTED_VERSION: i64 = -32022;

/// What a client sends.
#[derive(Debug)]
pub(crate) enum Message {
    /// It wants an answer.
    Request {
        /// What the answer names.
        id: Value,
        method: String,
        params: Object,
    },
    /// It wants none.
    Notification { method: String, params: Object },
    /// It answers a question that it was asked; `None`: with an error.
    Response { id: Value, result: Option<Value> },
}

/// Why a request has no result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) code: i64,
    pub(crate) message: String,
    pub(crate) data: Option<Value>,
}

impl Fault {
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    pub(crate) fn params(message: impl Into<String>) -> Self {
        Self::new(INVALID_PARAMS, message)
    }

    pub(crate) fn data(self, data: Value) -> Self {
        Self { data: Some(data), ..self }
    }

    pub(crate) fn no_method(method: &str) -> Self {
        let shown = clawflow_core::limits::cut(method, 80);
        Self::new(METHOD_NOT_FOUND, format!("there is no method {shown} here"))
    }
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        let code = match error.code.as_str() {
            "not_found" | "ambiguous" | "bad_request" | "invalid" | "forbidden" => INVALID_PARAMS,
            "rate_limited" => BUSY,
            _ => INTERNAL_ERROR,
        };
        let mut data = json!({ "code": error.code });
        if let Some(hint) = error.hint {
            data["hint"] = hint.into();
        }
        Self { code, message: error.message, data: Some(data) }
    }
}

/// Reads one message.
///
/// # Errors
/// The id to answer to (`null` where there is none to be seen), and the fault.
pub(crate) fn read(bytes: &[u8]) -> Result<Message, Box<(Value, Fault)>> {
    let bad = |id: Value, why: &str| Box::new((id, Fault::new(INVALID_REQUEST, why)));
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        Box::new((Value::Null, Fault::new(PARSE_ERROR, format!("no JSON: {error}"))))
    })?;
    let Value::Object(mut fields) = value else {
        return Err(bad(Value::Null, "a message is one JSON object; batches are not taken"));
    };
    let id = match fields.shift_remove("id") {
        None => None,
        Some(id @ Value::String(_)) => Some(id),
        Some(Value::Number(id)) if id.is_i64() || id.is_u64() => Some(Value::Number(id)),
        Some(_) => return Err(bad(Value::Null, "an id is a string or a whole number")),
    };
    let shown = id.clone().unwrap_or_default();
    if fields.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(bad(shown, "`jsonrpc` is not \"2.0\""));
    }
    let method = match fields.shift_remove("method") {
        Some(Value::String(method)) => method,
        Some(_) => return Err(bad(shown, "`method` is no string")),
        None => {
            let result = fields.shift_remove("result");
            return match id {
                Some(id) if result.is_some() || fields.contains_key("error") => {
                    Ok(Message::Response { id, result })
                }
                _ => Err(bad(shown, "the message has neither a method nor a result")),
            };
        }
    };
    let params = match fields.shift_remove("params") {
        None | Some(Value::Null) => Object::new(),
        Some(Value::Object(params)) => params,
        Some(_) => return Err(Box::new((shown, Fault::params("`params` is no JSON object")))),
    };
    Ok(match id {
        Some(id) => Message::Request { id, method, params },
        None => Message::Notification { method, params },
    })
}

/// The answer to a request.
pub(crate) fn answer(id: Value, outcome: Result<Value, Fault>) -> Value {
    match outcome {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(Fault { code, message, data }) => {
            let mut error = json!({ "code": code, "message": message });
            if let Some(data) = data {
                error["data"] = data;
            }
            json!({ "jsonrpc": "2.0", "id": id, "error": error })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_messages_are_read() {
        let code = |text: &str| {
            let unread = read(text.as_bytes()).err();
            unread.map(|unread| (unread.0, unread.1.code))
        };
        for bad in ["", "{", "\u{0}", "[", "\"\\ud800\"", &"[".repeat(100_000)] {
            assert_eq!(code(bad), Some((Value::Null, PARSE_ERROR)), "{bad:.20}");
        }
        for bad in ["[]", "1", "null", "{}", r#"{"jsonrpc":"1.0","method":"x"}"#] {
            assert_eq!(code(bad), Some((Value::Null, INVALID_REQUEST)), "{bad}");
        }
        for id in ["null", "1.5", "[]", "true"] {
            let text = format!(r#"{{"jsonrpc":"2.0","method":"ping","id":{id}}}"#);
            assert_eq!(code(&text), Some((Value::Null, INVALID_REQUEST)), "{id}");
        }
        let named = |rest: &str| code(&format!(r#"{{"jsonrpc":"2.0","id":7,{rest}}}"#));
        assert_eq!(named(r#""method":1"#), Some((7.into(), INVALID_REQUEST)));
        assert_eq!(named(r#""params":{}"#), Some((7.into(), INVALID_REQUEST)));
        assert_eq!(named(r#""method":"x","params":[1]"#), Some((7.into(), INVALID_PARAMS)));
        assert_eq!(named(r#""method":"x","params":null"#), None);
        assert_eq!(named(r#""result":null"#), None);
    }
}
