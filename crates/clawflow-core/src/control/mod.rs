//! Decisions about flows that code drives: the commands of a controller, and what the engine does
//! on its behalf.
//!
//! Each command is one file: it looks at a [`ControlState`], refuses or changes a `Draft` of it,
//! and leaves a [`ControlDecision`]. The moves of the flow's row are those of `flow`; here are its
//! children, its waits and what is owed. A refused command changes nothing. The checks come in one
//! order: managed, driven by code, revision, legality, validity.

mod answer;
mod budget;
mod cancel;
mod children;
mod claim;
mod create;
mod draft;
mod due;
mod emit;
mod ended;
mod fail;
mod finish;
mod launch;
mod mirror;
mod notify;
mod output;
mod pause;
mod permission;
mod progress;
mod report;
mod resume;
mod run_task;
mod set_waiting;
mod signal;
mod state;
mod wake;

pub use crate::drive::Ctx;
pub use crate::task::TaskReport as ChildReport;
pub use answer::Reply;
pub use answer::Said;
pub use answer::answer;
pub use budget::reported;
pub use budget::set_budget;
pub use cancel::cancel;
pub use cancel::cancel_task;
pub use cancel::request_cancel;
pub use claim::claim;
pub use create::create;
pub use due::wait_due;
pub use emit::emit;
pub use ended::ended;
pub use ended::lost;
pub use fail::fail;
pub use finish::finish;
pub use launch::launch;
pub use mirror::gets_mirror;
pub use mirror::mirrored;
pub use notify::notify_task;
pub use output::append_output;
pub use output::set_output;
pub use pause::pause;
pub use pause::unpause;
pub use permission::agent_session;
pub use permission::ask_permission;
pub use progress::progress;
pub use progress::started;
pub use report::report;
pub use resume::resume;
pub use run_task::NewChild;
pub use run_task::run_task;
pub use set_waiting::DEADLINE;
pub use set_waiting::Found;
pub use set_waiting::WaitFor;
pub use set_waiting::WaitSpec;
pub use set_waiting::set_waiting;
pub use signal::signal;
pub use state::ControlDecision;
pub use state::ControlState;
pub use state::Ended;
