//! Connections to an address that was looked up once and checked, so that a name cannot be one
//! thing for the check and another for the request.

use super::error::OutgoingError;
use super::tls;
use axum::http::Uri;
use rustls_pki_types::ServerName;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How long one address is tried: another one of the same name may answer.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// A connection, with TLS or without.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Connects to the first address that answers and may be asked.
pub(super) async fn connect(
    url: &Uri,
    may_ask: fn(IpAddr) -> bool,
) -> Result<Box<dyn Stream>, OutgoingError> {
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let secure = match url.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err(OutgoingError::Address("it is no address of HTTP".to_owned())),
    };
    if host.is_empty() {
        return Err(OutgoingError::Address("the address names no host".to_owned()));
    }
    let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let stream = dial(host, port, may_ask).await?;
    if !secure {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| OutgoingError::Address(format!("{host} is no name: {error}")))?;
    let connector = TlsConnector::from(tls::config()?);
    let stream = connector.connect(name, stream).await;
    let failed = |error: std::io::Error| OutgoingError::Tls {
        host: host.to_owned(),
        why: error.to_string(),
    };
    Ok(Box::new(stream.map_err(failed)?))
}

async fn dial(
    host: &str,
    port: u16,
    may_ask: fn(IpAddr) -> bool,
) -> Result<TcpStream, OutgoingError> {
    let found = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| OutgoingError::Lookup { host: host.to_owned(), why: error.to_string() })?;
    let (allowed, refused): (Vec<SocketAddr>, Vec<SocketAddr>) =
        found.partition(|address| may_ask(address.ip()));
    let mut last = match refused.first() {
        Some(address) => OutgoingError::Private(format!(
            "{host} is in a private network ({}): set `allow_private` to allow that",
            address.ip()
        )),
        None => {
            OutgoingError::Lookup { host: host.to_owned(), why: format!("{host} has no address") }
        }
    };
    for address in allowed {
        let tried = tokio::time::timeout(CONNECT_TIME, TcpStream::connect(address)).await;
        last = OutgoingError::Connect(match tried {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => format!("{address}: {error}"),
            Err(_) => format!("{address}: no answer within {CONNECT_TIME:?}"),
        });
    }
    Err(last)
}
