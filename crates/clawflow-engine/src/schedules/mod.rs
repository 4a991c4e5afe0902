//! Schedules: what their time starts, and what becomes of it.
//!
//! `run` is level-triggered: what is due is asked of the store, by its index, and a hint only makes
//! it look sooner. Between two looks only the clock is read: it may be set, and a machine may
//! sleep. `decide` is the way of every decision about a schedule, by time or by people. Only a
//! gateway fires; every holder of a home takes commands.

mod agent;
mod decide;
mod ended;
mod flow;
mod run;
mod stop;
mod zones;

pub(crate) use ended::{Ended, ends_of, other_ends_of};
pub(crate) use run::run;
pub(crate) use zones::timetable;
