//! What is wrong with a ledger: findings, judged from facts.
//!
//! Use: whoever knows the store and the machine gathers facts and asks the functions here about
//! each; [`Audit`] sorts and counts what they say. A wait is late by its own deadline, a task runs
//! as long as its process lives. Age alone is asked only where nothing else can be known.
//!
//! Where nobody drives the home, much is late for that one reason: [`Audit::add`] takes such
//! findings together as one, `not_driven`.

mod code;
mod delivery;
mod finding;
mod flow;
mod home;
pub mod limits;
mod report;
mod schedule;
mod task;
mod wait;

pub use code::AuditCode;
pub use code::AuditScope;
pub use code::Severity;
pub use delivery::delivery;
pub use finding::Finding;
pub use flow::{LiveFlow, flow, flow_lost};
pub use home::{Clock, HomeFacts, clock, home};
pub use report::{Audit, AuditCounts};
pub use schedule::{ScheduleFacts, WorkFacts, run, schedule};
pub use task::{Life, Stray, TaskFacts, stray, task};
pub use wait::{DueFacts, Target, due, wait};
