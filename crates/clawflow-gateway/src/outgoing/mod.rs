//! Requests to other servers: one connection for each, to an address that was looked up once.
//!
//! Use: [`send`], then [`Answer::body`]. Limits: no redirects are followed here, no proxy is used,
//! what is read of an answer is bounded by its reader. The caller bounds the time; what is dropped
//! is cut off. TLS checks the server by the certificates of the system, or by those of
//! `SSL_CERT_FILE`.

mod answer;
mod connect;
mod error;
mod tls;

pub use answer::Answer;
pub use answer::send;
pub use error::OutgoingError;
