//! Integration tests of the gateway: a real socket, a store in memory.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod docs;
mod holding;
mod rows;
mod sockets;
mod stopping;
mod support;
mod wire;
