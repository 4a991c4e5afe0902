//! Decisions about flows that the engine drives.
//!
//! Each command is one file: it looks at a [`FlowState`], refuses or changes a `Draft` of it, and
//! leaves a [`Decision`]: the unit to commit, the state after it, and the effects to carry out once
//! it is durable. After every command `advance` turns all that is ready into a task, a wait
//! or an end, so that a crash between two units never leaves work that only memory knows of.

mod admit;
mod advance;
mod agent;
mod answer;
mod attempt;
mod begin;
mod blocks;
mod budget;
mod call;
mod cancel;
mod child;
mod claim;
mod cost;
mod create;
mod deadline;
mod draft;
mod due;
mod emit;
mod ended;
mod finish;
mod input;
mod launch;
mod lost;
mod needs;
mod pause;
mod permission;
mod pipeline;
mod progress;
mod reuse;
mod scope;
mod settle;
mod shown;
mod signal;
mod state;
mod undo;
mod words;

pub use admit::admit;
pub use agent::agent_session;
pub use answer::Answer;
pub use answer::answer;
pub use budget::child_used;
pub use budget::follow_parent;
pub use budget::reported;
pub use budget::set_budget;
pub use budget::used;
pub use cancel::cancel;
pub use cancel::cancel_task;
pub use child::ChildEnd;
pub use child::ChildLaunch;
pub use child::Outcome;
pub use child::cancel_child;
pub use child::child;
pub use child::child_ended;
pub use child::outcome_of;
pub use claim::claim;
pub use create::ChildOf;
pub use create::FilesOf;
pub use create::NewFlow;
pub use create::create;
pub use create::create_in_line;
pub use create::key_of;
pub use due::retry_due;
pub use due::wait_due;
pub use emit::emit;
pub use ended::Report;
pub use ended::ended;
pub use input::Response;
pub use input::respond;
pub use launch::Launch;
pub use launch::launch;
pub use lost::lost;
pub use pause::pause;
pub use pause::unpause;
pub use permission::ask_permission;
pub use permission::permission_target;
pub use progress::progress;
pub use progress::started;
pub use reuse::Reuse;
pub use settle::Settlement;
pub use settle::settle;
pub use signal::signal;
pub use signal::take;
pub use state::Ctx;
pub use state::Decision;
pub use state::FlowState;

pub(crate) use budget::TARGET as BUDGET_TIMER;
pub(crate) use budget::is_hold;
pub(crate) use budget::prompt as budget_prompt;
pub(crate) use draft::Draft;
pub(crate) use ended::outcome;
