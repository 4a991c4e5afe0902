//! `lobster …`: Lobster's own command line, over flows.
//!
//! Use: [`main`] with what follows `lobster` on the command line. One file for each verb. Failure:
//! one message in Lobster's words, as text on stderr, or in an envelope where programs read.

mod entry;
mod help;
mod version;

pub(crate) use entry::{is_called, main};
