//! Durable stores of clawflow behind one trait.
//!
//! A store applies [`clawflow_core::unit::Unit`]s, whole or not at all, and answers queries.
//! It knows nothing of transitions: what may follow on what is decided in the core.

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod error;
pub mod foreign;
pub mod memory;
pub mod query;
mod rules;
pub mod schedules;
pub mod sqlite;
pub mod store;
pub mod upkeep;

pub use error::ApplyError;
pub use error::StoreError;
pub use memory::MemoryStore;
pub use sqlite::Copied;
pub use sqlite::SqliteStore;
pub use store::Receipt;
pub use store::Store;
