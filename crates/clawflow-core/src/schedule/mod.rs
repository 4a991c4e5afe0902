//! Schedules: what time starts.
//!
//! A schedule has a timetable of slots. When slots have come, `fire` looks at what is due and
//! decides, by the schedule's policies, what becomes of each: started, queued or skipped; `settled`
//! is told how a run ended, `retry` starts the next attempt of one, `timeout` stops one that takes
//! too long. Every decision is one unit: the schedule's row, the rows of its runs, and what the run
//! itself is (a task, a flow, a message), so that a slot never fires twice and never gets lost.
//!
//! The rows of runs are the history of a schedule: it has no events.

mod agent_turn;
mod change;
mod draft;
mod due;
mod expression;
mod fire;
mod join;
mod launch;
mod launch_task;
pub mod limits;
mod member;
mod mirror;
mod payload;
mod policies;
mod record;
mod retry;
mod run;
mod run_label;
mod settled;
mod spec;
mod timetable;

pub use agent_turn::AgentTurn;
pub use change::{
    Edit, NewSchedule, checked, create, disable, edit, enable, give_up, remove, run_now,
};
pub use draft::{Fired, Start, State};
pub use due::{DueSlots, due_slots};
pub use fire::fire;
pub use join::join_flow;
pub use launch::{Launched, flow_of_run, launch_flow, launch_message, not_launched};
pub use launch_task::{environment, launch_agent, launch_task};
pub use member::{Deadline, Member, MemberBy};
pub use mirror::{FirstWindow, begin_in_window, launch_mirror, mirror_policies};
pub use payload::{Payload, PayloadKind};
pub use policies::{MissedPolicy, OverlapPolicy, Policies};
pub use record::{DisabledReason, Schedule};
pub use retry::{retry, timeout};
pub use run::{RunStatus, RunTrigger, ScheduleRun, SkipReason};
pub use run_label::FLOW_LABEL;
pub use settled::{Outcome, settled};
pub use spec::{ScheduleKind, Spec};
pub use timetable::Timetable;
