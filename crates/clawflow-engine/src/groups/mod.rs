//! Mirrored groups: whoever commits what a group watches commits the group with it.
//!
//! `index` knows what is watched, `join` puts a group's own change into the unit that tells of one
//! of its members, and `window` makes the flow of a new window, with what the ledger knows of it
//! already. One turn for both: a run is either found when its window is opened, or joins it.

mod index;
mod join;
mod window;

pub(crate) use index::{GroupNews, Groups};
