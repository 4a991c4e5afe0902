//! HTTP in, call, HTTP out: the router made from the table of endpoints.

use crate::endpoint::{Endpoint, Verb};
use crate::endpoints::ENDPOINTS;
use crate::fields::Fields;
use crate::host::Host;
use crate::limits::{BODY_BYTES, DRAIN_BYTES, STOP_ANSWER};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Query, RawPathParams, Request};
use axum::http::{HeaderValue, Response, StatusCode, Uri, header, request::Parts};
use axum::routing::{MethodFilter, get, on};
use axum::{RequestPartsExt, Router};
use clawflow_core::json::Object;
use clawflow_engine::api::ApiError;
use http_body_util::BodyExt;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// The router of every row.
pub(crate) fn router(host: &Arc<Host>) -> Router {
    let mut router = Router::new();
    for row in ENDPOINTS {
        let filter = match row.verb {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
        };
        let host = host.clone();
        let handler = move |request: Request| handle(host.clone(), row, request);
        router = router.route(row.path, on(filter, handler));
    }
    let ready = host.clone();
    router
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(move || async move { readiness(&ready) }))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
}

async fn handle(host: Arc<Host>, row: &'static Endpoint, request: Request) -> Response<Body> {
    match answer(host, row, request).await {
        Ok(body) => {
            let mut response = Response::new(Body::from(body));
            let kind = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            response
        }
        Err(problem) => problem.into_response(),
    }
}

async fn answer(
    host: Arc<Host>,
    row: &'static Endpoint,
    request: Request,
) -> Result<Vec<u8>, Problem> {
    let (mut parts, body) = request.into_parts();
    let mut fields = Fields::default();
    if row.verb == Verb::Post {
        fields.add_body(object(&read(body).await?)?);
    }
    add_query(&mut fields, &parts)?;
    let path = parts.extract::<RawPathParams>().await;
    for (name, value) in &path.map_err(|error| bad(error.to_string()))? {
        fields.add_path(name, value.to_owned());
    }
    let mut stopping = host.stopping.subscribe();
    let mut work = Work::start(row, host, fields);
    let stopped = async {
        // An error would mean that the host is gone, and so is the server.
        let _ = stopping.wait_for(|stopping| *stopping).await;
        if !row.waits {
            tokio::time::sleep(STOP_ANSWER).await;
        }
    };
    tokio::select! {
        done = &mut work.handle => match done {
            Ok(answer) => answer.map_err(Problem::from),
            Err(error) => Err(ApiError::new("internal", error.to_string()).into()),
        },
        () = stopped => {
            work.handle.abort();
            Err(gone(row).into())
        }
    }
}

/// A call in a task of its own. What changes something is not broken off half-way because its
/// caller went away; what only looks is.
struct Work {
    handle: JoinHandle<Result<Vec<u8>, ApiError>>,
    verb: Verb,
}

impl Work {
    fn start(row: &'static Endpoint, host: Arc<Host>, fields: Fields) -> Self {
        Self { handle: tokio::spawn(row.answer(host, fields)), verb: row.verb }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if self.verb == Verb::Get {
            self.handle.abort();
        }
    }
}

fn gone(row: &Endpoint) -> ApiError {
    let why = match row.verb {
        Verb::Get => "the server is stopping",
        Verb::Post => "the server is stopping; the command may have been carried out",
    };
    ApiError::new("unavailable", why)
}

/// Reads a body up to its limit, and a while beyond it: who is refused in the middle of sending
/// would see a broken connection instead of the answer.
async fn read(mut body: Body) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    let mut seen = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| bad(format!("the body broke off: {error}")))?;
        let Some(data) = frame.data_ref() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= BODY_BYTES {
            bytes.extend_from_slice(data);
        } else if seen > DRAIN_BYTES {
            break;
        }
    }
    if seen > BODY_BYTES {
        let why = format!("the body has more than {BODY_BYTES} bytes");
        let error = ApiError::new("bad_request", why);
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, error));
    }
    Ok(bytes)
}

fn object(body: &[u8]) -> Result<Object, Problem> {
    if body.is_empty() {
        return Ok(Object::new());
    }
    serde_json::from_slice(body)
        .map_err(|error| bad(format!("the body is no JSON object: {error}")))
}

fn add_query(fields: &mut Fields, parts: &Parts) -> Result<(), Problem> {
    let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let Query(pairs) = query.map_err(|error| bad(error.to_string()))?;
    for (name, value) in pairs {
        fields.add_query(name, value);
    }
    Ok(())
}

fn bad(why: String) -> Problem {
    ApiError::new("bad_request", why).into()
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
