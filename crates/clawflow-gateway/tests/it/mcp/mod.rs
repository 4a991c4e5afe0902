//! Conversations of the Model Context Protocol, over HTTP and on pipes.

mod bad;
mod http;
mod stdio;
mod support;
mod tasks;
