//! Headers that are fields: `If-Match` is `expectedRevision`, `Idempotency-Key` `idempotencyKey`.

use crate::caller;
use crate::endpoint::Endpoint;
use crate::fields::Fields;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use clawflow_engine::api::ApiError;
use serde_json::Value;

/// The field of a revision that is expected.
pub(crate) const REVISION: &str = "expectedRevision";
/// The field of an idempotency key.
pub(crate) const IDEMPOTENCY: &str = "idempotencyKey";
/// The header of an idempotency key.
pub(crate) const IDEMPOTENCY_HEADER: &str = "idempotency-key";

/// Adds the fields that come as headers. A call that has no such field must not be asked with the
/// header: it would promise what the call does not keep.
pub(super) fn add(
    fields: &mut Fields,
    row: &Endpoint,
    headers: &HeaderMap,
) -> Result<(), ApiError> {
    if let Some(revision) = if_match(headers)? {
        add_one(fields, row, "If-Match", REVISION, revision.into())?;
    }
    if let Some(key) = caller::name(headers, IDEMPOTENCY_HEADER)? {
        // RFC 8941 writes it with quotes, most programs without.
        let inner = key.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
        let key = inner.unwrap_or(&key).to_owned();
        add_one(fields, row, "Idempotency-Key", IDEMPOTENCY, key.into())?;
    }
    Ok(())
}

fn add_one(
    fields: &mut Fields,
    row: &Endpoint,
    header: &str,
    field: &str,
    value: Value,
) -> Result<(), ApiError> {
    if !row.fields().contains(&field) {
        let why = format!("{} takes no {header}", row.name);
        return Err(ApiError::new("bad_request", why));
    }
    match fields.add_header(field, value) {
        true => Ok(()),
        false => {
            let why = format!("the header {header} and the field `{field}` differ");
            Err(ApiError::new("bad_request", why))
        }
    }
}

fn if_match(headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    let mut values = headers.get_all(header::IF_MATCH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    // Whatever revision it has: the call itself says whether it is there.
    if text == "*" {
        return Ok(None);
    }
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match (inner.and_then(|inner| inner.parse().ok()), values.next()) {
        (Some(revision), None) => Ok(Some(revision)),
        _ => {
            let why = "If-Match takes one revision in quotes, as ETag gives it: `\"3\"`";
            Err(ApiError::new("bad_request", why))
        }
    }
}

/// Says the revision of the flow that is answered.
pub(super) fn tag(response: &mut Response<Body>, revision: Option<u64>) {
    let tag = revision.and_then(|revision| HeaderValue::try_from(format!("\"{revision}\"")).ok());
    if let Some(tag) = tag {
        response.headers_mut().insert(header::ETAG, tag);
    }
}
