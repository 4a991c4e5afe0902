//! The parent of one attempt's process, which outlives the gateway that asked for it.
//!
//! `clawflow __shim DIR` runs before any runtime, config or logger: one thread, one poll
//! loop, little memory. It locks the attempt's file, puts the program on record there before
//! it executes, pumps its output into capped files, enforces the timeout, answers those who
//! are connected, forwards to a program that is talked to what its gateway says, and leaves
//! the exit on record.
//!
//! `clawflow __shimd` is a fork server for shims: a fork of it costs a fraction of an exec of
//! the whole binary, and the forks share its memory. A shim whose attempt is over without a trace
//! takes the next one from it instead of ending. Shims at work survive it, it ends with its
//! gateway.
//!
//! Limits are in [`limits`]. If the shim itself is killed, its child goes with it (parent
//! death signal) and a run on record without an exit says that the attempt is in doubt.

mod body;
mod breath;
mod child;
mod clients;
mod command;
mod events;
mod exit_writer;
pub mod fail;
mod feed;
pub mod frame;
pub mod layout;
pub mod limits;
mod pool;
pub mod procfs;
mod progress;
mod pump;
pub mod record;
pub(crate) mod record_file;
pub(crate) mod request;
mod server;
pub mod spec;
mod start;
pub(crate) mod sys;
mod tree;
mod watch;

pub use server::serve;
pub use start::main;
