//! Requests to a gateway over its unix socket.

use crate::spine::Outcome;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::path::Path;
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};

/// A connection.
pub type Sender = SendRequest<Full<Bytes>>;

/// Connects.
///
/// # Errors
/// Nobody serves.
pub async fn connect(socket: &Path) -> Outcome<Sender> {
    let stream = TokioIo::new(UnixStream::connect(socket).await?);
    let (sender, connection) = http1::handshake(stream).await?;
    tokio::spawn(connection);
    Ok(sender)
}

/// A request on behalf of a session.
///
/// # Errors
/// The path is none.
pub fn request(method: Method, path: &str, body: String) -> Outcome<Request<Full<Bytes>>> {
    Ok(Request::builder()
        .method(method)
        .uri(path)
        .header("host", "clawflow")
        .header("content-type", "application/json")
        .header("clawflow-session", "agent%3Amain%3Amain")
        .body(Full::new(Bytes::from(body)))?)
}

/// The answer to a request.
///
/// # Errors
/// It is refused, or nobody answers.
pub async fn post(sender: &mut Sender, path: &str, body: &Value) -> Outcome<Value> {
    send(sender, Method::POST, path, body.to_string()).await
}

async fn send(sender: &mut Sender, method: Method, path: &str, body: String) -> Outcome<Value> {
    sender.ready().await?;
    let answer = sender.send_request(request(method, path, body)?).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    if !status.is_success() {
        return Err(format!("{path}: {status}: {}", String::from_utf8_lossy(&body)).into());
    }
    Ok(serde_json::from_slice(&body)?)
}

/// A connection for a thread of its own, which waits for each answer.
pub struct Client {
    runtime: Runtime,
    sender: Sender,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// Nobody serves.
    pub fn connect(socket: &Path) -> Outcome<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let sender = runtime.block_on(connect(socket))?;
        Ok(Self { runtime, sender })
    }

    /// As [`post`].
    ///
    /// # Errors
    /// As there.
    pub fn post(&mut self, path: &str, body: &Value) -> Outcome<Value> {
        self.runtime.block_on(post(&mut self.sender, path, body))
    }

    /// What is there.
    ///
    /// # Errors
    /// As for [`post`].
    pub fn get(&mut self, path: &str) -> Outcome<Value> {
        self.runtime.block_on(send(&mut self.sender, Method::GET, path, String::new()))
    }
}
