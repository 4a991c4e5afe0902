//! What the server is told by the configuration.

use crate::limits::RATE_DEFAULT;
use std::net::SocketAddr;

/// Settings of one server. By default it listens on its unix socket only.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Address of the TCP listener, if there is to be one.
    pub listen: Option<SocketAddr>,
    /// Whether it may be an address that others than this machine reach.
    pub allow_remote: bool,
    /// Names by which TCP callers may call this server, besides those of the loopback: `name` or
    /// `name:port`.
    pub allowed_hosts: Vec<String>,
    /// Origins of web pages that may call, as browsers write them: `https://name:port`.
    pub allowed_origins: Vec<String>,
    /// Requests per second of one token, and of one connection.
    pub rate_limit: u32,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: None,
            allow_remote: false,
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            rate_limit: RATE_DEFAULT,
        }
    }
}
