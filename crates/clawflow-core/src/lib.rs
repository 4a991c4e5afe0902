//! The pure law of clawflow: records, transitions and workflow definitions.
//!
//! Nothing in here reads a clock, a disk or a random source: time and ids come in as arguments and
//! effects leave as data. A store applies the [`unit::Unit`]s that these functions return.

pub mod acp;
pub mod audit;
pub mod budget;
pub mod call;
pub mod control;
pub mod cost;
pub mod definition;
pub mod delivery;
pub mod drive;
pub mod duration;
pub mod effect;
pub mod error;
pub mod event;
pub mod flow;
pub mod group;
pub mod hash;
pub mod idempotency;
pub mod ids;
pub mod import;
pub mod json;
pub mod limits;
pub mod queue;
mod rows;
pub mod schedule;
pub mod signal;
pub mod spec;
pub mod step;
pub mod subagent;
pub mod suggest;
pub mod task;
pub mod text;
mod text_enum;
pub mod token;
pub mod unit;
pub mod wait;

/// A point in time, in milliseconds since the Unix epoch.
pub type Millis = i64;
