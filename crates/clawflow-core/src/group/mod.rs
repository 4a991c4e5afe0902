//! Mirrored groups: a flow over runs that others start.
//!
//! A schedule opens a group flow for each window of time, say each day. Its members are rows like
//! those of steps: each waits for a run that the ledger is told of, until its deadline. Nothing
//! here starts or stops a run; a decision only takes note of one. `open` makes the flow with what
//! is known already, `saw` takes note of a run, `due` of a deadline that has passed, `cancel` ends
//! the watching.
//!
//! * A run belongs to the window in which it began.
//! * Of several runs of a member the one that began last counts: a repetition mends a failure.
//! * A member that has not begun at its deadline is missing; one that begins later is late. Both
//!   are failures, and stay so.
//! * The group ends when every member has. What is told later of a run that began before that end
//!   corrects it; a later run is none of the group's.

mod cancel;
mod draft;
mod due;
mod open;
mod run;
mod saw;
mod state;

pub use cancel::cancel;
pub use due::due;
pub use open::{NewGroup, NewMember, open};
pub use run::{MemberRun, Outcome};
pub use saw::saw;
pub use state::{GroupDecision, GroupState, Window};
