//! Bodies of requests: JSON objects up to a size, in a time.

use crate::limits::{BODY_BYTES, BODY_TIME, DRAIN_BYTES, DRAIN_TIME};
use crate::problem::Problem;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use clawflow_core::json::Object;
use clawflow_engine::api::ApiError;
use http_body_util::BodyExt;
use hyper::body::Body as _;

/// Reads the body as a JSON object. An empty one is an object without fields.
pub(super) async fn object(headers: &HeaderMap, body: Body) -> Result<Object, Problem> {
    let bytes = bytes(headers, body).await?;
    match bytes.is_empty() {
        true => Ok(Object::new()),
        false => serde_json::from_slice(&bytes)
            .map_err(|error| bad(format!("the body is no JSON object: {error}"))),
    }
}

/// Reads the body, which is said to be JSON unless it is empty.
pub(crate) async fn bytes(headers: &HeaderMap, body: Body) -> Result<Vec<u8>, Problem> {
    let length = headers.get(header::CONTENT_LENGTH);
    let length: Option<usize> = length.and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length| length > BODY_BYTES) {
        // Who asks first whether to send it learns at once; others are in the middle of it.
        if !headers.contains_key(header::EXPECT) {
            drained(body).await;
        }
        return Err(too_large());
    }
    let is_json = is_json(headers);
    if !is_json && length.is_some_and(|length| length > 0) {
        drained(body).await;
        return Err(no_json());
    }
    let read = tokio::time::timeout(BODY_TIME, read(body)).await;
    let bytes = read.unwrap_or_else(|_| Err(too_slow()))?;
    match !bytes.is_empty() && !is_json {
        true => Err(no_json()),
        false => Ok(bytes),
    }
}

/// Reads a body that nobody wants, up to a size and for a while: who is refused in the middle of
/// sending would see a broken connection instead of the answer.
pub(crate) async fn drained(mut body: Body) {
    if body.is_end_stream() {
        return;
    }
    let drain = async {
        let mut seen = 0_usize;
        while let Some(Ok(frame)) = body.frame().await {
            seen = seen.saturating_add(frame.data_ref().map_or(0, Bytes::len));
            if seen > DRAIN_BYTES {
                return;
            }
        }
    };
    // Whether it came to its end or not: the answer goes out now.
    let _ = tokio::time::timeout(DRAIN_TIME, drain).await;
}

/// A body of unknown length.
async fn read(mut body: Body) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| bad(format!("the body broke off: {error}")))?;
        let Some(data) = frame.data_ref() else { continue };
        if bytes.len() + data.len() > BODY_BYTES {
            drained(body).await;
            return Err(too_large());
        }
        bytes.extend_from_slice(data);
    }
    Ok(bytes)
}

/// Whether the body says that it is JSON, or says nothing.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE) else { return true };
    let kind = kind.to_str().unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn bad(why: String) -> Problem {
    ApiError::new("bad_request", why).into()
}

fn too_large() -> Problem {
    let why = format!("the body has more than {BODY_BYTES} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, ApiError::new("bad_request", why))
}

fn no_json() -> Problem {
    let error = ApiError::new("bad_request", "the body is not said to be JSON")
        .hint("send it with the header `Content-Type: application/json`");
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error)
}

fn too_slow() -> Problem {
    let why = format!("the body did not come within {BODY_TIME:?}");
    Problem::new(StatusCode::REQUEST_TIMEOUT, ApiError::new("bad_request", why))
        .header(header::CONNECTION, "close")
}
