//! Attempts that are turns of coding agents.
//!
//! The agent is a process under a shim like any other. What it says is its output, in a file; what
//! it is told is in another, from which the shim feeds it. A conversation is what follows from the
//! two: an engine that comes later reads both and goes on where the other was killed.

mod conversation;
mod files;
mod logs;
mod plan;
mod settle;
mod signal;
mod terminal;
mod terminals;
mod watch;

pub(crate) use plan::Prepared;
pub(crate) use settle::report_of;
pub(crate) use terminals::end_terminals;
