//! `lobster …`: Lobster's own command line, over flows.
//!
//! Use: [`main`] with what follows `lobster` on the command line. One file for each verb: `run`
//! makes a flow of a file (`workflow`) or of a pipeline (`pipeline`) and `drive` follows it to its
//! next gate or its end; `resume` answers a gate, which `token` names, and follows on; `claim` is
//! who tells what came of that. `report` is what programs read. Failure: one message in Lobster's
//! words, as text on stderr, or in the report.

mod claim;
mod doctor;
mod document;
mod drive;
mod dry_run;
mod entry;
mod find;
mod gate;
mod graph;
mod help;
mod home;
mod index;
mod options;
mod outcome;
mod pipeline;
mod prompt;
mod report;
mod resume;
mod run;
mod said;
mod signals;
mod target;
mod token;
mod trouble;
mod version;
mod workflow;

pub(crate) use entry::{is_called, main};
