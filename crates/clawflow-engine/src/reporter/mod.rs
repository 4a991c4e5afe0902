//! Work that somebody else runs: how reports about it come in although nobody may be there, and how
//! it is found out that nobody will report any more.
//!
//! Use: a reporter writes a report to a [`Spool`]; whoever holds the home takes it in with
//! [`take_in`], a gateway with [`keep_taking_in`]. [`wrap`] runs a job as if nobody was between it
//! and its caller. The engine follows the process that a report names and settles its task when the
//! process has gone and no report comes.
//!
//! Limits: [`limits`]. Failure: a report that cannot be written to the home is written beside it;
//! what is torn is set aside; a report is removed only once it is in the store, so it may be taken
//! in twice, which changes nothing: it names its task.

mod follow;
mod intake;
pub mod limits;
mod place;
mod spool;
mod wrap;

pub use intake::keep_taking_in;
pub use intake::take_in;
pub use place::here;
pub use place::process;
pub use spool::Set;
pub use spool::Spool;
pub use spool::Step;
pub use wrap::{Ended, Job, NotStarted, run as wrap};
