//! The client of the holder's socket.
//!
//! Use: [`Client::call`] with the same types as a call in this process.
//! Limits: one connection is kept between questions; calls at once have one each.
//! Failure: whatever happens to the connection is an error `unavailable`; a command may then have
//! been carried out or not.

use crate::endpoint::{Endpoint, Verb};
use crate::endpoints;
use crate::host::StopResponse;
use crate::limits::{BODY_BYTES, CALL_TIMEOUT};
use crate::socket::is_friend;
use axum::body::Bytes;
use clawflow_core::json::Object;
use clawflow_engine::api::{ApiError, Call, Nothing, StatusResponse};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request, header};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::{Display, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::UnixStream;

type Sender = SendRequest<Full<Bytes>>;
type Asked = Request<Full<Bytes>>;

/// A client of one socket. Cheap to clone; clones share the kept connection.
#[derive(Clone)]
pub struct Client {
    socket: Arc<Path>,
    // Held for a swap only, never across an await: a std mutex.
    kept: Arc<Mutex<Option<Sender>>>,
}

impl Client {
    /// A client of the server on this socket. Connects with the first call.
    #[must_use]
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self { socket: socket.into().into(), kept: Arc::default() }
    }

    /// The socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Carries out a call at the server.
    ///
    /// # Errors
    /// Those of the call; `unavailable` where the server cannot be reached.
    pub async fn call<C: Call>(&self, request: &C::Request) -> Result<C::Response, ApiError> {
        self.ask(C::NAME, request).await
    }

    /// Who the server is and what it does.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn status(&self) -> Result<StatusResponse, ApiError> {
        self.ask("gateway.status", &Nothing::default()).await
    }

    /// Asks the gateway to stop. It answers before it does.
    ///
    /// # Errors
    /// As [`Client::call`]; `invalid_state` where the server is a foreground run.
    pub async fn stop(&self) -> Result<StopResponse, ApiError> {
        self.ask("gateway.stop", &Nothing::default()).await
    }

    /// Whether somebody serves the socket and takes requests.
    ///
    /// # Errors
    /// `unavailable`, and why.
    pub async fn ping(&self) -> Result<(), ApiError> {
        let request = build(Method::GET, "/readyz", Vec::new())?;
        let (status, _) = self.within(CALL_TIMEOUT, request).await?;
        if status == 200 { Ok(()) } else { Err(self.away("it is stopping")) }
    }

    async fn ask<Q: Serialize, A: DeserializeOwned>(
        &self,
        name: &str,
        request: &Q,
    ) -> Result<A, ApiError> {
        let row = endpoints::by_name(name)
            .ok_or_else(|| ApiError::new("internal", format!("no endpoint is named {name}")))?;
        let fields = match serde_json::to_value(request) {
            Ok(Value::Object(fields)) => fields,
            Ok(_) => return Err(ApiError::new("internal", format!("{name} takes no object"))),
            Err(error) => return Err(ApiError::new("bad_request", error.to_string())),
        };
        let patience = CALL_TIMEOUT + asked_wait(&fields);
        let (status, body) = self.within(patience, write(row, fields)?).await?;
        if status != 200 {
            return Err(serde_json::from_slice(&body).unwrap_or_else(|_| {
                ApiError::new("internal", format!("the server answered {name} with {status}"))
            }));
        }
        serde_json::from_slice(&body).map_err(|error| {
            let why = format!("the server's answer to {name} makes no sense: {error}");
            ApiError::new("internal", why).hint("is the gateway of another version?")
        })
    }

    async fn within(&self, limit: Duration, request: Asked) -> Result<(u16, Bytes), ApiError> {
        match tokio::time::timeout(limit, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(self.away(format!("no answer within {limit:?}"))),
        }
    }

    async fn exchange(&self, request: Asked) -> Result<(u16, Bytes), ApiError> {
        // A server that was there for the call before may have gone since, which shows only when
        // it is written to. A question can be asked again; a command must not be sent twice, so
        // it never goes over an old connection.
        if request.method() == Method::GET
            && let Some(mut sender) = self.swap(None)
            && sender.ready().await.is_ok()
            && let Ok(response) = sender.send_request(request.clone()).await
        {
            return self.finish(sender, response).await;
        }
        let mut sender = self.connect().await?;
        match sender.send_request(request).await {
            Ok(response) => self.finish(sender, response).await,
            Err(error) => Err(self.away(error)),
        }
    }

    async fn finish(
        &self,
        sender: Sender,
        response: hyper::Response<hyper::body::Incoming>,
    ) -> Result<(u16, Bytes), ApiError> {
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|error| self.away(error))?;
        self.swap(Some(sender));
        Ok((status, body.to_bytes()))
    }

    fn swap(&self, sender: Option<Sender>) -> Option<Sender> {
        std::mem::replace(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner), sender)
    }

    async fn connect(&self) -> Result<Sender, ApiError> {
        let stream = UnixStream::connect(&self.socket).await.map_err(|error| self.away(error))?;
        if !is_friend(&stream) {
            return Err(self.away("the server belongs to another user"));
        }
        let io = TokioIo::new(stream);
        let (sender, connection) = http1::handshake(io).await.map_err(|error| self.away(error))?;
        // Ends with the last sender; its error is also the request's.
        tokio::spawn(connection);
        Ok(sender)
    }

    fn away(&self, why: impl Display) -> ApiError {
        let socket = self.socket.display();
        ApiError::new("unavailable", format!("cannot talk to clawflow on {socket}: {why}"))
    }
}

/// How long the request itself says it may take.
fn asked_wait(fields: &Object) -> Duration {
    let asked = ["timeoutMs", "waitMs"].iter().filter_map(|name| fields.get(*name)?.as_u64()).max();
    // The server cuts it there; `task.run` has a `timeoutMs` that is about something else.
    Duration::from_millis(asked.unwrap_or(0).min(60_000))
}

/// Writes a request as its row says: what the path names into the path, the rest into the query or
/// the body.
fn write(row: &Endpoint, mut fields: Object) -> Result<Asked, ApiError> {
    let mut path = String::new();
    for part in row.path.split('/').skip(1) {
        path.push('/');
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => match fields.remove(name) {
                Some(Value::String(value)) if !value.is_empty() => escape(&value, &mut path),
                _ => {
                    return Err(ApiError::new("bad_request", format!("`{name}` is empty")));
                }
            },
            None => path.push_str(part),
        }
    }
    match row.verb {
        Verb::Get => {
            add_query(&mut path, &fields);
            build(Method::GET, &path, Vec::new())
        }
        Verb::Post => {
            let body = serde_json::to_vec(&fields)
                .map_err(|error| ApiError::new("bad_request", error.to_string()))?;
            if body.len() > BODY_BYTES {
                let why = format!("the request has {} bytes, at most {BODY_BYTES}", body.len());
                return Err(ApiError::new("bad_request", why));
            }
            build(Method::POST, &path, body)
        }
    }
}

fn build(method: Method, path: &str, body: Vec<u8>) -> Result<Asked, ApiError> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "clawflow")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| ApiError::new("bad_request", error.to_string()))
}

fn add_query(path: &mut String, fields: &Object) {
    let mut mark = '?';
    for (name, value) in fields {
        let values = match value {
            Value::Null => continue,
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            path.push(mark);
            mark = '&';
            escape(name, path);
            path.push('=');
            match value {
                Value::String(text) => escape(text, path),
                other => escape(&other.to_string(), path),
            }
        }
    }
}

/// Percent-encodes all but the characters that mean nothing anywhere in a URI.
fn escape(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            into.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}
