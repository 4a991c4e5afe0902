//! A message as a signed HTTP request.

use super::guard::is_public;
use super::routes::Entry;
use super::sign::Secret;
use crate::outgoing::{self, OutgoingError};
use axum::body::Bytes;
use axum::http::response::Parts;
use axum::http::{Request, Uri, header};
use clawflow_core::delivery::Delivery;
use clawflow_core::hash::sha256;
use clawflow_engine::{CourierError, clock};
use http_body_util::Full;
use std::time::Duration;

/// Longest id that is sent as it is.
const ID_BYTES_MAX: usize = 256;
/// Of an answer so much is read: only its status counts.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// A receiver that asks for more patience than this gets this much.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Sends the message; the receiver has taken it when this returns.
///
/// The address is looked up once and checked, and the connection goes to exactly that address, so
/// that a name cannot be public for the check and private for the request. Redirects are not
/// followed.
pub(super) async fn send(
    entry: &Entry,
    url: &Uri,
    secret: &Secret,
    allow_private: bool,
    delivery: &Delivery,
) -> Result<(), CourierError> {
    let work = exchange(url, secret, allow_private, delivery);
    match tokio::time::timeout(entry.timeout, work).await {
        Ok(done) => done,
        Err(_) => Err(CourierError::may_pass(format!("no answer within {:?}", entry.timeout))),
    }
}

async fn exchange(
    url: &Uri,
    secret: &Secret,
    allow_private: bool,
    delivery: &Delivery,
) -> Result<(), CourierError> {
    let request = request(url, secret, delivery)?;
    let may_ask = if allow_private { |_| true } else { is_public };
    let answer = outgoing::send(url, request, may_ask).await.map_err(failed)?;
    let head = answer.head.clone();
    // Read for the receiver's sake: some treat a connection that is cut as a failure.
    let _ = answer.body(ANSWER_BYTES_MAX).await;
    judged(&head)
}

/// A name may point elsewhere tomorrow, so even a private address is tried again, though not for
/// ever.
fn failed(error: OutgoingError) -> CourierError {
    match error {
        OutgoingError::Address(why) => CourierError::for_good(why),
        error => CourierError::may_pass(error.to_string()),
    }
}

fn request(
    url: &Uri,
    secret: &Secret,
    delivery: &Delivery,
) -> Result<Request<Full<Bytes>>, CourierError> {
    let body = serde_json::to_vec(&super::message(delivery))
        .map_err(|error| CourierError::for_good(error.to_string()))?;
    let timestamp = clock::now() / 1000;
    let id = wire_id(&delivery.idempotency_key);
    let signature = secret.sign(&id, timestamp, &body);
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let host = url.authority().map_or("", |authority| authority.as_str());
    Request::post(path)
        .header(header::HOST, host)
        .header(header::USER_AGENT, concat!("clawflow/", env!("CARGO_PKG_VERSION")))
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature)
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| CourierError::for_good(format!("the request cannot be made: {error}")))
}

/// The message's id as a header may carry it: part of the key is the caller's own text.
fn wire_id(key: &str) -> String {
    if key.len() <= ID_BYTES_MAX && key.bytes().all(|b| b.is_ascii_graphic() && b != b'.') {
        return key.to_owned();
    }
    sha256(key)
}

fn judged(head: &Parts) -> Result<(), CourierError> {
    if head.status.is_success() {
        return Ok(());
    }
    let why = format!("the receiver answered {}", head.status);
    // 410 is the receiver's word for "never again" in Standard Webhooks.
    if head.status.as_u16() == 410 {
        return Err(CourierError::for_good(why));
    }
    let after = head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let after = after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    Err(CourierError {
        retry_after: after.map(|a| a.min(RETRY_AFTER_MAX)),
        ..CourierError::may_pass(why)
    })
}
