//! The server of a home: on its unix socket, and on a TCP address if that is asked for.
//!
//! Use: [`Server::start`] with the lock in hand, [`Server::stop`] before it is given back.
//! Limits: see [`crate::limits`].
//! Failure: a client that sends rubbish is answered or cut off; the others do not notice. When the
//! server stops, requests under way have [`STOP_GRACE`] to end.

use crate::holder::Guard;
use crate::host::Host;
use crate::http;
use crate::limits::STOP_GRACE;
use crate::serve::{Door, serve};
use crate::settings::ServerSettings;
pub use crate::socket::ServerError;
use crate::socket::{self, SocketFile};
use crate::tcp;
use clawflow_engine::api::Api;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::task::JoinSet;

/// A running server. Dropping it stops it at once.
pub struct Server {
    host: Arc<Host>,
    // Removed when the server is dropped, after the listener is closed.
    file: SocketFile,
    doors: JoinSet<()>,
}

impl Server {
    /// Serves the calls of `api` on the socket that the guard's info names, and where the settings
    /// say. When it returns, connections are taken.
    ///
    /// # Errors
    /// The socket cannot be made, or the address cannot be had.
    pub fn start(guard: &Guard, api: Api, settings: &ServerSettings) -> Result<Self, ServerError> {
        let tcp = tcp::bind(settings)?;
        let (unix, file) = socket::bind(guard)?;
        let listen = tcp.as_ref().and_then(|listener| listener.local_addr().ok());
        let host = Arc::new(Host::new(api, guard.info().clone(), settings, listen));
        let router = http::router(&host);
        let mut doors = JoinSet::new();
        for door in [Some(Door::Unix(unix)), tcp.map(Door::Tcp)].into_iter().flatten() {
            doors.spawn(serve(door, host.clone(), router.clone()));
        }
        Ok(Self { host, file, doors })
    }

    /// The socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.host.info.socket
    }

    /// The TCP address, if it listens on one.
    #[must_use]
    pub fn listen(&self) -> Option<SocketAddr> {
        self.host.listen
    }

    /// Ends when somebody asks over the wire that the program end.
    pub async fn stop_asked(&self) {
        let mut asked = self.host.stop_asked.subscribe();
        // The sender lives as long as `self`, so this is no error.
        let _ = asked.wait_for(|asked| *asked).await;
    }

    /// Stops: no new connections; requests under way have a moment, those that wait end at once.
    pub async fn stop(mut self) {
        self.host.stopping.send_replace(true);
        let ended = async { while self.doors.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_GRACE, ended).await.is_err() {
            tracing::warn!("some clients did not let go in time");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.host.stopping.send_replace(true);
        self.doors.abort_all();
        tracing::debug!(file = ?self.file, "the server is closed");
    }
}
