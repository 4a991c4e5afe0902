//! What every store demands of a unit, written once so that all stores give the same answers.

mod check;
mod delivery;
mod outcome;
mod schedule;
mod shape;
mod signal;
mod token;

pub(crate) use check::Found;
pub(crate) use check::View;
pub(crate) use check::check;
pub(crate) use delivery::inbox_states;
pub(crate) use delivery::lies_in_inbox;
pub(crate) use shape::shape;
