//! The TCP listener: on the loopback, unless more is asked for by name.

use crate::limits::STALLED;
use crate::settings::ServerSettings;
use crate::socket::ServerError;
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};

/// Listens where the settings say, if they do.
///
/// # Errors
/// The address is reachable from elsewhere and that was not asked for, or it cannot be had.
pub(crate) fn bind(settings: &ServerSettings) -> Result<Option<TcpListener>, ServerError> {
    let Some(address) = settings.listen else { return Ok(None) };
    if !address.ip().is_loopback() && !settings.allow_remote {
        return Err(ServerError::Remote { address });
    }
    listen(address).map(Some).map_err(|source| ServerError::Listen { address, source })
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

/// Small answers go at once, and a client that is no longer there is noticed also where only the
/// network says nothing.
pub(crate) fn prepare(stream: &TcpStream) {
    let millis = u32::try_from(STALLED.as_millis()).unwrap_or(u32::MAX);
    let set = stream.set_nodelay(true).and_then(|()| {
        rustix::net::sockopt::set_socket_keepalive(stream, true)?;
        Ok(rustix::net::sockopt::set_tcp_user_timeout(stream, millis)?)
    });
    if let Err(error) = set {
        // It works without, only not as well.
        tracing::debug!("cannot set the options of a connection: {error}");
    }
}
