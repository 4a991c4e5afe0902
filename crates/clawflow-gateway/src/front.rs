//! What every request passes before it is routed: name, origin, rate, token.

use crate::endpoints::PROBES;
use crate::guests;
use crate::host::Host;
use crate::http::drained;
use crate::peer::Peer;
use crate::ping;
use crate::problem::Problem;
use crate::visitor::Visitor;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Response, header};
use clawflow_engine::api::ApiError;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Answers one request.
pub(crate) async fn answer(
    host: &Arc<Host>,
    peer: &Peer,
    router: Router,
    mut request: Request,
) -> Response<Body> {
    let page = match let_in(host, peer, &request) {
        Ok(page) => page,
        Err(problem) => return refused(problem, request).await,
    };
    let early = guests::preflight(request.method(), request.headers(), page.as_ref());
    let mut response = match early {
        Some(response) => response,
        None => match visit(host, peer, &request) {
            Ok(visitor) => {
                if let Some(visitor) = visitor {
                    request.extensions_mut().insert(visitor);
                }
                route(router, request).await
            }
            Err(problem) => refused(problem, request).await,
        },
    };
    if let Some(origin) = page {
        guests::let_read(&mut response, origin);
    }
    response
}

/// The page that asks, if one does and may.
fn let_in(host: &Host, peer: &Peer, request: &Request) -> Result<Option<HeaderValue>, Problem> {
    peer.bucket.take(Instant::now()).map_err(too_many)?;
    host.guests.check_host(peer.line, request.uri(), request.headers())?;
    Ok(host.guests.check_origin(peer.line, request.headers())?)
}

/// Who asks; for probes and pings they need be nobody.
fn visit(host: &Host, peer: &Peer, request: &Request) -> Result<Option<Visitor>, Problem> {
    let path = request.uri().path();
    // A ping shows its own secret, which is good for nothing else.
    if PROBES.iter().any(|(probe, _)| *probe == path) || path.starts_with(ping::BELOW) {
        return Ok(None);
    }
    let visitor = Visitor::admit(peer.line, request.headers(), &host.api)?;
    let visitor = Visitor { from: peer.from.clone(), ..visitor };
    if let Some(token) = &visitor.token {
        host.rates.take(token.token_id.as_str(), Instant::now()).map_err(too_many)?;
    }
    Ok(Some(visitor))
}

async fn route(router: Router, request: Request) -> Response<Body> {
    match TowerToHyperService::new(router).call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn refused(problem: Problem, request: Request) -> Response<Body> {
    drained(request.into_body()).await;
    problem.into_response()
}

pub(crate) fn too_many(wait: Duration) -> Problem {
    let seconds = wait.as_secs() + 1;
    let error = ApiError::new("rate_limited", "too many requests")
        .hint("ask less often, or raise gateway.rate_limit");
    Problem::from(error).header(header::RETRY_AFTER, &seconds.to_string())
}
