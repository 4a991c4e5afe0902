//! Why a request was not answered.

/// What went wrong, and thereby whether the server may have acted.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    /// The address makes no sense.
    #[error("{0}")]
    Address(String),
    /// The name was not found.
    #[error("looking up {host}: {why}")]
    Lookup {
        /// The name.
        host: String,
        /// Why not.
        why: String,
    },
    /// The address may not be asked.
    #[error("{0}")]
    Private(String),
    /// Nobody answers there.
    #[error("connecting to {0}")]
    Connect(String),
    /// The server is not who it should be, or speaks no TLS.
    #[error("TLS with {host}: {why}")]
    Tls {
        /// The server.
        host: String,
        /// Why not.
        why: String,
    },
    /// This machine cannot check anybody.
    #[error("{0}")]
    Certificates(String),
    /// The connection broke after the request may have been sent.
    #[error("the request broke: {0}")]
    Broke(String),
    /// The answer is larger than it may be.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}
