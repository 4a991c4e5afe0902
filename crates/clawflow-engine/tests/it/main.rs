//! Scenarios of the engine over the memory store and SQLite, with real processes under shims.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod adoption;
mod callers;
mod commands;
mod faults;
mod news;
mod queue;
mod slots;
mod store;
mod timers;
mod world;
