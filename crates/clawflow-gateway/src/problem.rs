//! Errors on the wire: the fields of [`ApiError`] and those of RFC 9457, as
//! `application/problem+json`.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use clawflow_core::json::Object;
use clawflow_engine::api::ApiError;
use serde::Serialize;

/// What the type of a problem begins with; the code follows.
pub(crate) const TYPE: &str = "urn:clawflow:error:";

/// Every code of an error.
pub(crate) const CODES: &[&str] = &[
    "ambiguous",
    "bad_file",
    "bad_request",
    "cancel_requested",
    "engine_owned",
    "forbidden",
    "internal",
    "invalid",
    "invalid_state",
    "key_conflict",
    "not_found",
    "not_managed",
    "paused",
    "persist_failed",
    "rate_limited",
    "revision_conflict",
    "store_full",
    "terminal",
    "unauthorized",
    "unavailable",
];

/// The HTTP status of an error code.
#[must_use]
pub fn http_status(code: &str) -> u16 {
    match code {
        "unauthorized" => 401,
        "forbidden" => 403,
        "not_found" => 404,
        "revision_conflict" => 412,
        "rate_limited" => 429,
        "ambiguous" | "terminal" | "cancel_requested" | "paused" | "invalid_state"
        | "key_conflict" | "engine_owned" | "not_managed" => 409,
        "invalid" | "bad_request" | "bad_file" => 400,
        "store_full" => 507,
        "unavailable" | "persist_failed" => 503,
        _ => 500,
    }
}

/// What a code means, in the same words for every problem of it.
fn title(code: &str) -> &'static str {
    match code {
        "unauthorized" => "no good token",
        "forbidden" => "not allowed",
        "not_found" => "no such record",
        "revision_conflict" => "changed since it was read",
        "rate_limited" => "too many requests",
        "ambiguous" => "several records are meant",
        "terminal" => "it has ended",
        "cancel_requested" => "a cancel was requested",
        "paused" => "it is paused",
        "invalid_state" => "it does not fit the record's state",
        "key_conflict" => "the key is taken",
        "engine_owned" => "the engine steers this flow",
        "not_managed" => "others drive this flow",
        "invalid" => "wrong arguments",
        "bad_request" => "a request that cannot be read",
        "bad_file" => "a workflow file with mistakes",
        "store_full" => "no room on the disk",
        "persist_failed" => "it could not be stored",
        "unavailable" => "not available now",
        _ => "an error of clawflow itself",
    }
}

/// An error with the status that it is answered with.
#[derive(Debug)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    status: u16,
    error: ApiError,
    more: Object,
    headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Serialize)]
struct Wire<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(flatten)]
    error: &'a ApiError,
    #[serde(flatten)]
    more: &'a Object,
}

impl Problem {
    /// One whose status is not its code's.
    pub(crate) fn new(status: StatusCode, error: ApiError) -> Self {
        Self::made(status.as_u16(), error)
    }

    fn made(status: u16, error: ApiError) -> Self {
        Self(Box::new(Parts { status, error, more: Object::new(), headers: Vec::new() }))
    }

    /// With a header, where its value can be one.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.0.headers.extend(value.parse().ok().map(|value| (name, value)));
        self
    }

    /// With the revision that the caller expected, if it is about revisions.
    pub(crate) fn expected(mut self, revision: Option<u64>) -> Self {
        let Parts { error, more, .. } = &mut *self.0;
        if error.code == "revision_conflict" {
            if let Some(revision) = revision {
                more.insert("expectedRevision".to_owned(), revision.into());
            }
            if let Some(current) = &error.current {
                more.insert("currentRevision".to_owned(), current.revision.into());
            }
        }
        self
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let Parts { status, error, more, headers } = *self.0;
        let wire = Wire {
            r#type: format!("{TYPE}{}", error.code),
            title: title(&error.code),
            status,
            detail: &error.message,
            error: &error,
            more: &more,
        };
        // invariant: an ApiError is strings and a record that came from JSON.
        let body = serde_json::to_vec(&wire).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if status == 401 {
            let how = HeaderValue::from_static("Bearer realm=\"clawflow\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
        }
        if error.code == "unavailable" {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response.headers_mut().extend(headers);
        response
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        Self::made(http_status(&error.code), error)
    }
}
