//! The properties that every store must have, one file each, over any store.
//!
//! A test crate implements [`Subject`] for its store and calls [`crate::conformance_tests`].

pub mod atomicity;
pub mod delivery;
pub mod due;
pub mod ended;
pub mod event_numbers;
pub mod event_wait;
pub mod fixtures;
pub mod guard;
pub mod inbox;
pub mod json;
pub mod list_deliveries;
pub mod list_flows;
pub mod list_tasks;
pub mod live_key;
pub mod lookup;
pub mod outcome;
pub mod purge;
pub mod queues;
pub mod reopen;
pub mod rules;
pub mod schedules;
pub mod signal;
mod subject;
pub mod task_input;
pub mod token;
pub mod upkeep;
pub mod version_conflict;
pub mod work;

pub use subject::Reopened;
pub use subject::Subject;
pub use subject::put;
