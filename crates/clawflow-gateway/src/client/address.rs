//! Where a server is, and how to get there.

use crate::socket::is_friend;
use axum::body::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

/// How long a TCP connection may take to come about.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// One connection, ready for a request.
pub(super) type Sender = SendRequest<Full<Bytes>>;

/// Where a server is.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// At this unix socket.
    Unix(Arc<Path>),
    /// At this host and port.
    Tcp {
        /// `name:port`, as in the URL.
        authority: Arc<str>,
        /// Secret of the token, if there is one.
        token: Option<Arc<str>>,
    },
}

/// Why a URL names no server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is something else.
    #[error("`{0}` is no URL of a gateway, which looks like http://127.0.0.1:7117")]
    NoUrl(String),
    /// It asks for TLS.
    #[error("`{0}` asks for TLS, which clawflow leaves to a proxy or tunnel on this machine")]
    Tls(String),
    /// No header can carry the token.
    #[error("the token has characters that no header can carry")]
    Token,
}

impl Address {
    /// The server at this URL, asked with this token.
    ///
    /// # Errors
    /// The URL is none, or asks for TLS; the token cannot be sent.
    pub fn of_url(url: &str, token: Option<&str>) -> Result<Self, AddressError> {
        let no_url = || AddressError::NoUrl(url.to_owned());
        let parsed: hyper::Uri = url.parse().map_err(|_| no_url())?;
        match parsed.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(AddressError::Tls(url.to_owned())),
            _ => return Err(no_url()),
        }
        let authority = parsed.authority().filter(|name| !name.as_str().contains('@'));
        let authority = authority.ok_or_else(no_url)?;
        if !matches!(parsed.path(), "" | "/") || parsed.query().is_some() {
            return Err(no_url());
        }
        let port = authority.port_u16().unwrap_or(80);
        let token = token.map(str::trim).filter(|token| !token.is_empty());
        if token.is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(AddressError::Token);
        }
        let authority = format!("{}:{port}", authority.host());
        Ok(Self::Tcp { authority: authority.into(), token: token.map(Into::into) })
    }

    /// The host that a request names.
    pub(super) fn host(&self) -> &str {
        match self {
            Self::Unix(_) => "clawflow",
            Self::Tcp { authority, .. } => authority,
        }
    }

    /// The secret that a request shows.
    pub(super) fn token(&self) -> Option<&str> {
        match self {
            Self::Unix(_) => None,
            Self::Tcp { token, .. } => token.as_deref(),
        }
    }

    /// A new connection.
    pub(super) async fn connect(&self) -> io::Result<Sender> {
        match self {
            Self::Unix(path) => {
                let stream = UnixStream::connect(path).await?;
                if !is_friend(&stream) {
                    return Err(io::Error::other("the server belongs to another user"));
                }
                handshake(stream).await
            }
            Self::Tcp { authority, .. } => {
                let connect = TcpStream::connect(&**authority);
                let stream = tokio::time::timeout(CONNECT_TIME, connect).await??;
                stream.set_nodelay(true)?;
                handshake(stream).await
            }
        }
    }
}

async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> io::Result<Sender> {
    let made = http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = made.map_err(io::Error::other)?;
    // Ends with the last sender; its error is also the request's.
    tokio::spawn(connection);
    Ok(sender)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "{}", path.display()),
            Self::Tcp { authority, .. } => write!(f, "http://{authority}"),
        }
    }
}

/// The same; a token is never shown.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_servers() {
        let shown = |url: &str| Address::of_url(url, Some("secret")).map(|made| made.to_string());
        assert_eq!(shown("http://127.0.0.1:7117").unwrap(), "http://127.0.0.1:7117");
        assert_eq!(shown("http://flows.example.org/").unwrap(), "http://flows.example.org:80");
        assert_eq!(shown("http://[::1]:7117").unwrap(), "http://[::1]:7117");
        let tls = "https://127.0.0.1:7117";
        assert_eq!(shown(tls), Err(AddressError::Tls(tls.to_owned())));
        for bad in ["", "127.0.0.1:7117", "ftp://x", "http://u:p@x", "http://x/y", "http://x?y"] {
            assert_eq!(shown(bad), Err(AddressError::NoUrl(bad.to_owned())), "{bad}");
        }
    }

    #[test]
    fn tokens_are_never_shown() {
        let made = Address::of_url("http://x:1", Some(" secret\n")).unwrap();
        assert_eq!(made.token(), Some("secret"));
        assert!(!format!("{made:?} {made}").contains("secret"));
        assert_eq!(Address::of_url("http://x", Some("a b")), Err(AddressError::Token));
        assert_eq!(Address::of_url("http://x", Some(" ")).unwrap().token(), None);
    }
}
