//! The router of every row, and of the few paths beside them.

use super::call;
use crate::endpoint::Verb;
use crate::endpoints::ENDPOINTS;
use crate::host::Host;
use crate::problem::Problem;
use crate::visitor::Visitor;
use crate::{mcp, openapi, ping, sse};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Response, StatusCode, Uri, header};
use axum::routing::{MethodFilter, get, on, post};
use clawflow_core::token::Access;
use clawflow_engine::api::ApiError;
use std::sync::Arc;

/// The router of every row.
pub(crate) fn router(host: &Arc<Host>) -> Router {
    let mut router = Router::new();
    for row in ENDPOINTS {
        let filter = match row.verb {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
        };
        let host = host.clone();
        let handler = move |request: Request| call::handle(host.clone(), row, request);
        router = router.route(row.path, on(filter, handler));
    }
    for path in ping::PATHS {
        let host = host.clone();
        let handler = move |request: Request| ping::handle(host.clone(), request);
        router = router.route(path, on(ping::methods(), handler));
    }
    let (ready, streams, agents) = (host.clone(), host.clone(), host.clone());
    let stream = move |request: Request| sse::handle(streams.clone(), request);
    let agent = move |request: Request| mcp::handle(agents.clone(), request);
    router
        .route(mcp::PATH, post(agent))
        .route(sse::PATH, get(stream))
        .route(openapi::PATH, get(document))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(move || async move { readiness(&ready) }))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
}

/// Who asks. The front lets nobody through whom it has not looked at.
pub(super) fn visitor(parts: &axum::http::request::Parts) -> Result<Visitor, ApiError> {
    let visitor = parts.extensions.get::<Visitor>().cloned();
    visitor.ok_or_else(|| ApiError::new("internal", "nobody was let in"))
}

async fn document(request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    if let Err(error) = visitor(&parts).and_then(|visitor| visitor.may(Access::Read)) {
        return Problem::from(error).into_response();
    }
    let mut response = Response::new(Body::from(openapi::text()));
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn readiness(host: &Host) -> (StatusCode, &'static str) {
    if *host.stopping.borrow() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n")
    } else {
        (StatusCode::OK, "ok\n")
    }
}

/// Not the code `not_found`: that is about a record, and this is about the program.
async fn unknown_path(uri: Uri) -> Response<Body> {
    let error = ApiError::new("bad_request", format!("there is no path {}", uri.path()));
    Problem::new(StatusCode::NOT_FOUND, error).into_response()
}

async fn wrong_method(uri: Uri) -> Response<Body> {
    let error = ApiError::new("bad_request", format!("{} takes another method", uri.path()));
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, error).into_response()
}
