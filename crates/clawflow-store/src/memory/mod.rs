//! A store in memory, for tests and simulation. It forgets everything when it is dropped.

mod apply;
mod find;
mod list;
mod read;
mod state;
mod view;

pub use state::MemoryStore;
