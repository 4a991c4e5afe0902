//! A message as a signed HTTP request.

use super::guard::is_public;
use super::routes::Entry;
use super::sign::Secret;
use axum::body::Bytes;
use axum::http::{Request, Uri, header};
use clawflow_core::delivery::Delivery;
use clawflow_core::hash::sha256;
use clawflow_engine::{CourierError, clock};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls_pki_types::ServerName;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

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
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let tls = url.scheme_str() == Some("https");
    let port = url.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let stream = connect(host, port, allow_private).await?;
    let request = request(url, secret, delivery)?;
    if !tls {
        return ask(stream, request).await;
    }
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| CourierError::for_good(format!("{host} is no name: {error}")))?;
    let connector = TlsConnector::from(tls_config()?);
    let stream = connector
        .connect(name, stream)
        .await
        .map_err(|error| CourierError::may_pass(format!("TLS with {host}: {error}")))?;
    ask(stream, request).await
}

/// Connects to the first address that answers and may be asked.
async fn connect(host: &str, port: u16, allow_private: bool) -> Result<TcpStream, CourierError> {
    let found = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| CourierError::may_pass(format!("looking up {host}: {error}")))?;
    let (allowed, refused): (Vec<SocketAddr>, Vec<SocketAddr>) =
        found.partition(|address| allow_private || is_public(address.ip()));
    let mut last = match refused.first() {
        // A name may point elsewhere tomorrow; this is still not tried for ever.
        Some(address) => format!(
            "{host} is in a private network ({}): set `allow_private` to allow that",
            address.ip()
        ),
        None => format!("{host} has no address"),
    };
    for address in allowed {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = format!("connecting to {address}: {error}"),
        }
    }
    Err(CourierError::may_pass(last))
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

async fn ask(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<(), CourierError> {
    let broke = |error: hyper::Error| CourierError::may_pass(format!("the request broke: {error}"));
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broke)?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(broke);
    let (head, body) = match answer {
        Ok(answer) => answer.into_parts(),
        Err(error) => {
            connection.abort();
            return Err(error);
        }
    };
    // Read for the receiver's sake: some treat a connection that is cut as a failure.
    let _ = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
    connection.abort();
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

/// The certificates of this system, read once.
fn tls_config() -> Result<Arc<ClientConfig>, CourierError> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(config.clone());
    }
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let why = "this system has no certificates of authorities to check a server by";
        return Err(CourierError::may_pass(why.to_owned()));
    }
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| CourierError::for_good(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(CONFIG.get_or_init(|| Arc::new(config)).clone())
}
