//! Questions to configured endpoints: one POST of JSON each.
//!
//! Limits: no redirects; the answer's size and time are bounded.

use super::env::Env;
use super::failure::Failure;
use super::limits::{RESPONSE_BYTES, RESPONSE_TIME};
use clawflow_gateway::outgoing::{self, OutgoingError};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Uri, header};

/// Where something listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    scheme: String,
    host: String,
    authority: String,
    port: u16,
    path: String,
}

impl Endpoint {
    /// Reads an address.
    pub(super) fn parse(url: &str) -> Result<Self, Failure> {
        let invalid = || Failure::new("Invalid URL");
        let uri: Uri = url.parse().map_err(|_| invalid())?;
        let scheme = uri.scheme_str().ok_or_else(invalid)?.to_owned();
        let authority = uri.authority().ok_or_else(invalid)?;
        let port = authority.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let host = authority.host().to_lowercase();
        Ok(Self { scheme, authority: host_and_port(authority.as_str()), host, port, path })
    }

    /// The same server, another path.
    pub(super) fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// The same, with a path where it had none.
    pub(super) fn or_at(mut self, path: &str) -> Self {
        if self.path.split('?').next() == Some("/") {
            self.path.replace_range(..1, path);
        }
        self
    }

    /// Whether HTTP is spoken there.
    pub(super) fn is_http(&self) -> bool {
        matches!(self.scheme.as_str(), "http" | "https")
    }

    /// Whether it is on this machine.
    pub(super) fn is_local(&self) -> bool {
        matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "::1" | "[::1]")
    }
}

/// An authority without the name and password of a user.
fn host_and_port(authority: &str) -> String {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned()
}

/// What an endpoint answered.
pub(super) struct Answer {
    /// The status.
    pub(super) status: u16,
    /// The status in words.
    pub(super) reason: String,
    /// The body.
    pub(super) text: String,
}

impl Answer {
    /// Whether the status is a good one.
    pub(super) fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Posts JSON and takes the whole answer.
pub(super) fn post(
    endpoint: &Endpoint,
    token: &str,
    body: String,
    env: &Env,
) -> Result<Answer, Failure> {
    let most = env.bytes("LOBSTER_MAX_HTTP_RESPONSE_BYTES")?.unwrap_or(RESPONSE_BYTES);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed(&error))?;
    runtime.block_on(async {
        let exchange = exchange(endpoint, token, body, most);
        let answer = tokio::time::timeout(RESPONSE_TIME, exchange).await;
        answer.unwrap_or_else(|_| Err(failed(&format!("no answer within {RESPONSE_TIME:?}"))))
    })
}

async fn exchange(
    endpoint: &Endpoint,
    token: &str,
    body: String,
    most: u64,
) -> Result<Answer, Failure> {
    let url = format!("{}://{}{}", endpoint.scheme, endpoint.authority, endpoint.path);
    let url: Uri = url.parse().map_err(|error| failed(&error))?;
    let mut request = Request::post(&endpoint.path)
        .header(header::HOST, &endpoint.authority)
        .header(header::CONTENT_TYPE, "application/json");
    if !token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Full::new(Bytes::from(body))).map_err(|error| failed(&error))?;
    let response = outgoing::send(&url, request, |_| true).await;
    let response = response.map_err(|error| failed(&error))?;
    let status = response.head.status;
    let body = response.body(usize::try_from(most).unwrap_or(usize::MAX)).await;
    let body = body.map_err(|error| match error {
        OutgoingError::TooLarge(_) => {
            Failure::new(format!("HTTP response body exceeded {most} bytes"))
        }
        error => failed(&error),
    })?;
    let text = String::from_utf8_lossy(&body).into_owned();
    let reason = status.canonical_reason().unwrap_or_default().to_owned();
    Ok(Answer { status: status.as_u16(), reason, text })
}

/// In the words of Lobster's runtime, and why.
fn failed(why: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!("fetch failed: {why}"))
}
