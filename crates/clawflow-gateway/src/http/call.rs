//! One request for one row of the table.

use super::{body, conditions, router};
use crate::caller;
use crate::endpoint::{Answer, Endpoint, Verb, Written};
use crate::fields::Fields;
use crate::host::Host;
use crate::limits::STOP_ANSWER;
use crate::problem::Problem;
use axum::RequestPartsExt;
use axum::body::Body;
use axum::extract::{Query, RawPathParams, Request};
use axum::http::{HeaderValue, Response, header, request::Parts};
use clawflow_engine::api::ApiError;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

/// Answers the request.
pub(super) async fn handle(
    host: Arc<Host>,
    row: &'static Endpoint,
    request: Request,
) -> Response<Body> {
    match answer(host, row, request).await {
        Ok(Written { body, revision }) => {
            let mut response = Response::new(Body::from(body));
            let kind = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
            conditions::tag(&mut response, revision);
            response
        }
        Err(problem) => problem.into_response(),
    }
}

async fn answer(
    host: Arc<Host>,
    row: &'static Endpoint,
    request: Request,
) -> Result<Written, Problem> {
    let (mut parts, body) = request.into_parts();
    let path = path(&mut parts).await?;
    let caller = match allowed(&parts, row, &path) {
        Ok(caller) => caller,
        Err(error) => {
            body::drained(body).await;
            return Err(error.into());
        }
    };
    let mut fields = Fields::default();
    if row.verb == Verb::Post {
        fields.add_body(body::object(&parts.headers, body).await?);
    }
    add_query(&mut fields, &parts)?;
    conditions::add(&mut fields, row, &parts.headers)?;
    for (name, value) in path {
        if fields.has(&name) {
            let why = format!("the field `{name}` stands in the path");
            return Err(ApiError::new("bad_request", why).into());
        }
        fields.add_path(&name, value);
    }
    let expected = fields.number(conditions::REVISION);
    let answer = row.answer(host.clone(), caller, fields);
    carried_out(&host, row, answer).await.map_err(|error| Problem::from(error).expected(expected))
}

/// The caller, where the visitor may ask this.
fn allowed(
    parts: &Parts,
    row: &Endpoint,
    path: &[(String, String)],
) -> Result<clawflow_engine::api::Caller, ApiError> {
    let visitor = router::visitor(parts)?;
    visitor.may(row.access)?;
    caller::of(&parts.headers, &visitor).map_err(|none| none.told(path))
}

async fn path(parts: &mut Parts) -> Result<Vec<(String, String)>, ApiError> {
    let params = parts.extract::<RawPathParams>().await;
    let params = params.map_err(|error| ApiError::new("bad_request", error.to_string()))?;
    Ok(params.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// Waits for the answer, and for the stop of the server.
async fn carried_out(
    host: &Host,
    row: &'static Endpoint,
    answer: Answer,
) -> Result<Written, ApiError> {
    let mut stopping = host.stopping.subscribe();
    let mut work = Work::start(host, row.verb, answer)?;
    let stopped = async {
        // An error would mean that the host is gone, and so is the server.
        let _ = stopping.wait_for(|stopping| *stopping).await;
        if !row.waits {
            tokio::time::sleep(STOP_ANSWER).await;
        }
    };
    tokio::select! {
        done = &mut work.handle => match done {
            Ok(answer) => answer,
            Err(error) => Err(ApiError::new("internal", error.to_string())),
        },
        () = stopped => {
            work.handle.abort();
            Err(gone(row))
        }
    }
}

/// A call in a task of its own. What changes something is not broken off half-way because its
/// caller went away; what only looks is.
struct Work {
    handle: JoinHandle<Result<Written, ApiError>>,
    verb: Verb,
}

impl Work {
    fn start(host: &Host, verb: Verb, answer: Answer) -> Result<Self, ApiError> {
        let place: Option<OwnedSemaphorePermit> = match verb {
            Verb::Get => None,
            Verb::Post => Some(host.commands.clone().try_acquire_owned().map_err(|_| {
                ApiError::new("unavailable", "too many commands are being carried out")
            })?),
        };
        let handle = tokio::spawn(async move {
            let _place = place;
            answer.await
        });
        Ok(Self { handle, verb })
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

fn add_query(fields: &mut Fields, parts: &Parts) -> Result<(), ApiError> {
    let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let Query(pairs) = query.map_err(|error| ApiError::new("bad_request", error.to_string()))?;
    for (name, value) in pairs {
        fields.add_query(name, value);
    }
    Ok(())
}
