//! `clawflow __call`: one question to a server as a process of its own, for `http` and `llm` steps.
//!
//! Use: a [`clawflow_core::call::Call`] as JSON on stdin; it prints a
//! [`clawflow_core::call::Called`] as one line, and why it failed on standard error too. It ends
//! with 0, or with 1 where the answer is no good. Limits: see `limits`; the time is that of the
//! attempt. Secrets are read here and are in nothing that is printed about a failure.

mod endpoints;
mod entry;
mod exchange;
mod failure;
mod http;
mod limits;
mod llm;
mod secrets;
mod target;

pub(crate) use entry::main;
