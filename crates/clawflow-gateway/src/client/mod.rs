//! The client of a server: over the holder's socket, or over TCP with a token.

mod address;
mod ask;
mod write;

pub use address::{Address, AddressError};
pub use ask::Client;
