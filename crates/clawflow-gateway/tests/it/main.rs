//! Integration tests of the gateway: a real socket, a store in memory.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod abuse;
mod conditions;
mod counting;
mod courier;
mod docs;
mod doors;
mod feed;
mod holding;
mod mcp;
mod openapi;
mod pings;
mod rows;
mod sockets;
mod stopping;
mod support;
mod wire;
