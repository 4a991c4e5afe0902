//! One request and its answer.

use super::connect::connect;
use super::error::OutgoingError;
use axum::body::Bytes;
use axum::http::response::Parts;
use axum::http::{Request, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::net::IpAddr;
use tokio::task::AbortHandle;

/// An answer whose body is not read yet.
#[derive(Debug)]
pub struct Answer {
    /// Status and headers.
    pub head: Parts,
    body: Incoming,
    connection: Connection,
}

/// Cut off when it is dropped.
#[derive(Debug)]
struct Connection(AbortHandle);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends a request for the path of `url` to the server of `url`. `may_ask` says which addresses the
/// name of the server may stand for.
///
/// # Errors
/// Only after [`OutgoingError::Broke`] may the server have acted.
pub async fn send(
    url: &Uri,
    request: Request<Full<Bytes>>,
    may_ask: fn(IpAddr) -> bool,
) -> Result<Answer, OutgoingError> {
    let broke = |error: hyper::Error| OutgoingError::Broke(told(&error));
    let stream = connect(url, may_ask).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broke)?;
    let connection = Connection(tokio::spawn(connection).abort_handle());
    let (head, body) = sender.send_request(request).await.map_err(broke)?.into_parts();
    Ok(Answer { head, body, connection })
}

impl Answer {
    /// The body.
    ///
    /// # Errors
    /// [`OutgoingError::TooLarge`] if it has more than `most` bytes, of which no more are read;
    /// [`OutgoingError::Broke`] if it ends before its end.
    pub async fn body(self, most: usize) -> Result<Bytes, OutgoingError> {
        let body = Limited::new(self.body, most).collect().await;
        drop(self.connection);
        body.map(http_body_util::Collected::to_bytes).map_err(|error| {
            match error.downcast_ref::<LengthLimitError>() {
                Some(_) => OutgoingError::TooLarge(most),
                None => OutgoingError::Broke(told(&*error)),
            }
        })
    }
}

/// An error with what caused it.
fn told(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
