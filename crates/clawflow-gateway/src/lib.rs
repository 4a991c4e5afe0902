//! Faces of clawflow over a wire: one table of endpoints, a server on a unix socket, its client.
//!
//! Whoever holds the [`holder`] lock of a home drives its store and runs the [`Server`]; everybody
//! else is a [`Client`]. [`Backend`] is either, so that a face need not know which.

mod backend;
mod client;
mod endpoint;
mod endpoints;
mod fields;
mod friends;
pub mod holder;
mod host;
mod http;
pub mod limits;
mod problem;
mod server;
mod socket;

pub use backend::Backend;
pub use client::Client;
pub use endpoint::Access;
pub use endpoint::Endpoint;
pub use endpoint::Verb;
pub use endpoints::ENDPOINTS;
pub use endpoints::PROBES;
pub use holder::Guard;
pub use holder::HolderError;
pub use holder::HolderInfo;
pub use holder::Kind;
pub use holder::Taken;
pub use host::StopResponse;
pub use problem::http_status;
pub use server::Server;
pub use server::ServerError;
