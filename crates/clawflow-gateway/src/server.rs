//! The server on the unix socket of a home.
//!
//! Use: [`Server::start`] with the lock in hand, [`Server::stop`] before it is given back.
//! Limits: see [`crate::limits`].
//! Failure: a client that sends rubbish is answered or cut off; the others do not notice. When the
//! server stops, requests under way have [`STOP_GRACE`] to end.

use crate::friends::Friends;
use crate::holder::Guard;
use crate::host::Host;
use crate::http;
use crate::limits::STOP_GRACE;
pub use crate::socket::ServerError;
use crate::socket::{self, SocketFile};
use clawflow_engine::api::Api;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A running server. Dropping it stops it at once.
pub struct Server {
    host: Arc<Host>,
    // Removed when the server is dropped, after the listener is closed.
    file: SocketFile,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves the calls of `api` on the socket that the guard's info names. When it returns,
    /// connections are taken.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub fn start(guard: &Guard, api: Api) -> Result<Self, ServerError> {
        let (listener, file) = socket::bind(guard)?;
        let host = Arc::new(Host {
            api,
            info: guard.info().clone(),
            stop_asked: watch::Sender::new(false),
            stopping: watch::Sender::new(false),
        });
        let mut stopping = host.stopping.subscribe();
        let stopped = async move {
            // An error would mean that the server is gone.
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        let router = http::router(&host);
        let task = tokio::spawn(async move {
            let serve = axum::serve(Friends::new(listener), router).with_graceful_shutdown(stopped);
            if let Err(error) = serve.await {
                tracing::error!("the server ended: {error}");
            }
        });
        Ok(Self { host, file, task })
    }

    /// The socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.host.info.socket
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
        if tokio::time::timeout(STOP_GRACE, &mut self.task).await.is_err() {
            tracing::warn!("some clients did not let go in time");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.host.stopping.send_replace(true);
        self.task.abort();
        tracing::debug!(file = ?self.file, "the server is closed");
    }
}
