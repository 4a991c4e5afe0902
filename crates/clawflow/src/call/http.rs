//! An `http` step.

use super::exchange::{Question, Reply, ask};
use super::failure::{Failure, request};
use super::limits::{KEY_BYTES_MAX, REPEATED_CHARS};
use super::secrets::Secrets;
use super::target;
use clawflow_core::call::{Body, Called, Header, HttpRequest, Shape};
use clawflow_core::definition::json_of_stdout;
use clawflow_core::hash::sha256;
use clawflow_core::limits::cut;
use clawflow_core::step::StepError;
use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

/// The header by which a receiver can make a doubled request one.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Asks, and judges the answer.
pub(super) async fn run(call: HttpRequest, secrets: &mut Secrets) -> Called {
    let wanted = call.statuses.clone();
    let is_wanted = |status: u16| wanted.iter().any(|(from, to)| (*from..=*to).contains(&status));
    let shape = call.shape.clone();
    let asked = match question(call, secrets) {
        Ok(question) => ask(question, is_wanted).await,
        Err(failure) => Err(failure),
    };
    let reply = match asked {
        Ok(reply) => reply,
        Err(failure) => return Called { error: Some(failure), ..Called::default() },
    };
    let text = reply.text();
    let wanted = is_wanted(reply.status.as_u16());
    let error = match wanted {
        // Hidden before it is cut: a secret across the cut would show its beginning.
        false => Some(bad_status(&reply, &secrets.hide(&text))),
        true => shape.and_then(|shape| misfit(&shape, &text, &reply).err()),
    };
    Called {
        status: Some(reply.status.as_u16()),
        headers: Some(reply.named_headers()),
        retry_after_ms: reply.retry_after_ms().filter(|_| !wanted),
        text: Some(text),
        error,
        ..Called::default()
    }
}

/// The status, and the beginning of what the server says about it.
pub(super) fn bad_status(reply: &Reply, text: &str) -> StepError {
    let words: Vec<&str> = text.split_whitespace().collect();
    let said = cut(&words.join(" "), REPEATED_CHARS);
    let message = match said.is_empty() {
        true => reply.shown(),
        false => format!("{}: {said}", reply.shown()),
    };
    StepError::new("status", message)
}

fn misfit(shape: &Shape, text: &str, reply: &Reply) -> Result<(), StepError> {
    let wrong = |why: String| StepError::new("schema", why);
    let Some(value) = json_of_stdout(text) else {
        let kind = reply.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.map_or_else(String::new, |kind| format!(" but {kind}"));
        return Err(wrong(format!("the answer is not JSON{kind}")));
    };
    let schema = shape.compile().map_err(wrong)?;
    let fits = schema.check(&value);
    fits.map_err(|why| wrong(format!("the answer is not as it must be: {why}")))
}

fn question(call: HttpRequest, secrets: &mut Secrets) -> Result<Question, Failure> {
    let url = target::parse(&call.url)?;
    let method = Method::from_bytes(call.method.as_bytes())
        .map_err(|_| request(format!("`{}` is no method", call.method)))?;
    let mut headers = common();
    for (name, value) in call.headers {
        let value = match value {
            Header::Text(text) => text,
            Header::Env(variable, prefix) => prefix + &secrets.of_env(&variable)?,
            Header::File(path, prefix) => prefix + &secrets.of_file(&path)?,
        };
        insert(&mut headers, &name, &value)?;
    }
    let (body, kind) = match call.body {
        None => (Bytes::new(), None),
        Some(Body::Text(text)) => (Bytes::from(text), Some("text/plain; charset=utf-8")),
        Some(Body::Json(value)) => (Bytes::from(value.to_string()), Some("application/json")),
    };
    if let Some(kind) = kind {
        headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static(kind));
    }
    if matches!(method, Method::POST | Method::PATCH)
        && !headers.contains_key(&IDEMPOTENCY_KEY)
        && let Ok(key) = std::env::var("CLAWFLOW_IDEMPOTENCY_KEY")
    {
        insert(&mut headers, IDEMPOTENCY_KEY.as_str(), &wire_key(&key))?;
    }
    Ok(Question { method, url, headers, body })
}

/// Headers of every request.
pub(super) fn common() -> HeaderMap {
    let mut headers = HeaderMap::new();
    let agent = HeaderValue::from_static(concat!("clawflow/", env!("CARGO_PKG_VERSION")));
    headers.insert(header::USER_AGENT, agent);
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    headers
}

/// Sets a header. Its value is not repeated in the error: it may be a secret.
pub(super) fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Failure> {
    let named = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| request(format!("`{name}` is no name of a header")))?;
    let value = HeaderValue::from_str(value)
        .map_err(|_| request(format!("the value of the header {name} cannot be sent")))?;
    headers.insert(named, value);
    Ok(())
}

/// The key as a header may carry it: the ids of steps in it may be any text.
fn wire_key(key: &str) -> String {
    match key.len() <= KEY_BYTES_MAX && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => key.to_owned(),
        false => sha256(key),
    }
}
