//! Errors on the wire: the fields of [`ApiError`] and the status, as `application/problem+json`.

use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use clawflow_engine::api::ApiError;
use serde::Serialize;

/// The HTTP status of an error code.
#[must_use]
pub fn http_status(code: &str) -> u16 {
    match code {
        "not_found" => 404,
        "revision_conflict" => 412,
        "ambiguous" | "terminal" | "cancel_requested" | "paused" | "invalid_state"
        | "key_conflict" | "engine_owned" | "not_managed" => 409,
        "invalid" | "bad_request" | "bad_file" => 400,
        "store_full" => 507,
        "unavailable" | "persist_failed" => 503,
        _ => 500,
    }
}

/// An error with the status that it is answered with.
#[derive(Debug)]
pub(crate) struct Problem {
    status: u16,
    error: ApiError,
}

impl Problem {
    /// One whose status is not its code's.
    pub(crate) fn new(status: StatusCode, error: ApiError) -> Self {
        Self { status: status.as_u16(), error }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        #[derive(Serialize)]
        struct Wire<'a> {
            status: u16,
            #[serde(flatten)]
            error: &'a ApiError,
        }
        let wire = Wire { status: self.status, error: &self.error };
        // invariant: an ApiError is strings and a record that came from JSON.
        let body = serde_json::to_vec(&wire).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = header::HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        Self { status: http_status(&error.code), error }
    }
}
