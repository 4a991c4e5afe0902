//! Faces of clawflow over a wire: one table of endpoints, a server on a unix socket and, if asked
//! for, on a TCP address, its client.
//!
//! Whoever holds the [`holder`] lock of a home drives its store and runs the [`Server`]; everybody
//! else is a [`Client`]. [`Backend`] is either, so that a face need not know which.

mod backend;
mod caller;
mod client;
mod connection;
pub mod courier;
mod endpoint;
mod endpoints;
mod extras;
mod fields;
mod front;
mod guests;
pub mod holder;
mod host;
mod http;
pub mod limits;
pub mod mcp;
mod openapi;
pub mod outgoing;
mod peer;
mod ping;
mod places;
mod problem;
mod rate;
mod serve;
mod server;
mod settings;
mod socket;
mod sse;
mod streams;
mod tcp;
mod visitor;

pub use backend::Backend;
pub use client::Address;
pub use client::AddressError;
pub use client::Client;
pub use endpoint::Access;
pub use endpoint::Endpoint;
pub use endpoint::Verb;
pub use endpoints::ENDPOINTS;
pub use endpoints::PROBES;
pub use extras::EXTRAS;
pub use extras::Extra;
pub use holder::Guard;
pub use holder::HolderError;
pub use holder::HolderInfo;
pub use holder::Kind;
pub use holder::Taken;
pub use host::StopResponse;
pub use openapi::document as openapi_document;
pub use problem::http_status;
pub use server::Server;
pub use server::ServerError;
pub use settings::ServerSettings;
