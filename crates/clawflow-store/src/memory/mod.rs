//! A store in memory, for tests and simulation. It forgets everything when it is dropped.

mod apply;
mod delivery;
mod ended;
mod find;
mod list;
mod read;
mod schedules;
mod signal;
mod state;
mod upkeep;
mod view;

pub use state::MemoryStore;
