//! Writes requests as their rows say: what the path names into the path, the rest into the query or
//! the body, the binding into headers.

use super::address::Address;
use crate::caller::{ACTOR, ORIGIN, ORIGIN_CODE, SESSION, escape};
use crate::endpoint::{Endpoint, Verb};
use crate::limits::BODY_BYTES;
use axum::body::Bytes;
use base64::Engine as _;
use clawflow_core::json::Object;
use clawflow_engine::api::{ApiError, Caller};
use http_body_util::Full;
use hyper::{Method, Request, header};
use serde_json::Value;

/// A request that can be sent.
pub(super) type Asked = Request<Full<Bytes>>;

/// Writes the request of a row.
pub(super) fn row(
    to: &Address,
    caller: &Caller,
    row: &Endpoint,
    mut fields: Object,
) -> Result<Asked, ApiError> {
    let mut path = String::new();
    for part in row.path.split('/').skip(1) {
        path.push('/');
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => match fields.remove(name) {
                Some(Value::String(value)) if !value.is_empty() => escape(&value, &mut path),
                _ => return Err(ApiError::new("bad_request", format!("`{name}` is empty"))),
            },
            None => path.push_str(part),
        }
    }
    match row.verb {
        Verb::Get => {
            add_query(&mut path, &fields);
            build(to, caller, Method::GET, &path, Vec::new())
        }
        Verb::Post => {
            let body = serde_json::to_vec(&fields).map_err(bad)?;
            if body.len() > BODY_BYTES {
                let why = format!("the request has {} bytes, at most {BODY_BYTES}", body.len());
                return Err(ApiError::new("bad_request", why));
            }
            build(to, caller, Method::POST, &path, body)
        }
    }
}

/// Writes a request with this path and body.
pub(super) fn build(
    to: &Address,
    caller: &Caller,
    method: Method,
    path: &str,
    body: Vec<u8>,
) -> Result<Asked, ApiError> {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, to.host());
    if let Some(token) = to.token() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    for (name, value) in binding(caller)? {
        request = request.header(name, value);
    }
    request
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(bad)
}

/// The headers that say on whose behalf the request is made.
fn binding(caller: &Caller) -> Result<Vec<(&'static str, String)>, ApiError> {
    let mut headers = Vec::new();
    for (name, value) in [(SESSION, &caller.owner), (ACTOR, &caller.actor)] {
        if let Some(value) = value {
            let mut escaped = String::new();
            escape(value, &mut escaped);
            headers.push((name, escaped));
        }
    }
    if let Some(origin) = &caller.origin {
        let json = serde_json::to_vec(origin).map_err(bad)?;
        headers.push((ORIGIN, ORIGIN_CODE.encode(json)));
    }
    Ok(headers)
}

fn bad(error: impl std::fmt::Display) -> ApiError {
    ApiError::new("bad_request", error.to_string())
}

fn add_query(path: &mut String, fields: &Object) {
    let mut mark = '?';
    for (name, value) in fields {
        let values = match value {
            Value::Null => continue,
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            path.push(mark);
            mark = '&';
            escape(name, path);
            path.push('=');
            match value {
                Value::String(text) => escape(text, path),
                other => escape(&other.to_string(), path),
            }
        }
    }
}
