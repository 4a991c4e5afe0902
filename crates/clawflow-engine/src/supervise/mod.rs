//! The gateway's side of shims: start, adopt, stop, examine after a crash, prove empty.
//!
//! [`Supervisor`] owns nothing but paths and used directories, so any number may look at the
//! same directory of runs. [`Run`] is a connection to one living shim; when it ends early the
//! caller examines the directory, as it does after a restart: the path after a crash is the
//! ordinary path.
//!
//! Failure behaviour: everything here can be repeated. What is in doubt is said to be in
//! doubt ([`Evidence::InDoubt`], [`Emptiness::NotProved`]), never guessed.

mod emptiness;
mod examine;
mod life;
mod litter;
mod lock;
mod logs;
mod run;
mod server;
mod spawn;
mod supervisor;
mod tombstone;

pub use crate::shim::fail::PathError;
pub use crate::shim::procfs::ProcId;
pub use crate::shim::record::{Bytes, ExecError, ExecErrorKind, ExitRecord};
pub use crate::shim::spec::{RunSpec, SpecError};
pub use emptiness::Emptiness;
pub use examine::Evidence;
pub(crate) use life::Looked;
pub use logs::Stream;
pub use run::{Run, RunEvent, RunHandle};
pub use spawn::StartError;
pub use supervisor::Supervisor;
pub use tombstone::TombstoneOutcome;
