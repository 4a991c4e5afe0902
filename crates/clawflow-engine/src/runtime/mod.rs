//! What executes tasks.

mod attempt;
mod beginning;
mod process;
mod report;

pub(crate) use attempt::Attempt;
pub(crate) use attempt::Running;
pub(crate) use attempt::Switch;
pub(crate) use beginning::Beginnings;
pub(crate) use process::Signs;
pub(crate) use process::is_raised;
pub(crate) use process::never_started;
pub(crate) use process::raised;
pub(crate) use report::report_in;
