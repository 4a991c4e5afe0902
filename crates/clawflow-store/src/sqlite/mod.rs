//! A store in one SQLite file.
//!
//! One thread writes: it takes what is queued, applies it in one transaction, commits, and only
//! then answers. Readers have connections of their own and see what is committed. Acknowledged
//! means on disk (`synchronous = FULL`). After a full disk or an I/O error the next transaction
//! starts afresh.

mod apply;
mod backup;
mod batch;
mod checkpoint;
mod deliveries;
mod encode;
mod events;
mod fault;
mod find;
mod flows;
mod hook;
mod kept;
mod limits;
mod migrate;
mod open;
mod output;
mod place;
mod readers;
mod schedules;
mod statements;
mod step_text;
mod store;
mod tasks;
#[cfg(test)]
mod tests;
mod timers;
mod upkeep;
mod view;
mod writer;

pub use backup::Copied;
pub use hook::CommitPoint;
pub use open::SqliteOptions;
pub use store::FILE_NAME;
pub use store::SqliteStore;
