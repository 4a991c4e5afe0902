//! The other end of a connection.

use crate::rate::Bucket;
use clawflow_engine::api::Ancestry;
use std::net::IpAddr;
use std::sync::Arc;

/// Where a request comes from.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) line: Line,
    /// The attempts that have started the process at the other end, or may have.
    pub(crate) from: Ancestry,
    /// What this connection may still ask.
    pub(crate) bucket: Arc<Bucket>,
}

/// How the connection was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Over the unix socket, by the same user or root.
    Unix,
    /// Over TCP, to this address of ours.
    Tcp {
        /// Our address.
        local: IpAddr,
    },
}
