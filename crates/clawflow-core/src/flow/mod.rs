//! Flows: the record, its states, and one file per command.
//!
//! The commands are for flows that code drives, and pure: from a row to the next row and the event
//! that tells of it, or a refusal. `drive` moves the flows of the engine by the same rules.

mod blank;
mod create_managed;
mod emit;
mod end;
mod fail;
mod finalize_cancel;
mod finish;
mod follow;
mod guard;
mod output;
mod patch;
mod pause;
mod record;
mod request_cancel;
mod resume;
mod set_waiting;
mod state;
mod valid;
mod wake;

pub use create_managed::NewManaged;
pub use create_managed::create_managed;
pub use emit::Update;
pub use fail::fail;
pub use finalize_cancel::finalize_cancel;
pub use finish::finish;
pub use guard::Moved;
pub use patch::Field;
pub use patch::Patch;
pub use pause::pause;
pub use pause::unpause;
pub use record::ENGINE_CONTROLLER;
pub use record::Flow;
pub use record::NotifyPolicy;
pub use record::OnChildrenDone;
pub use record::Origin;
pub use record::SyncMode;
pub use request_cancel::request_cancel;
pub use resume::{may_resume, resume};
pub(crate) use set_waiting::parked;
pub use set_waiting::{Blocker, may_set_waiting, set_waiting};
pub use state::FlowMove;
pub use state::FlowStatus;
pub use state::next_status;

pub(crate) use blank::blank;
pub(crate) use emit::set_step;
pub(crate) use end::end;
pub(crate) use follow::follow;
pub(crate) use follow::mirror_of;
pub(crate) use guard::check_driver;
pub(crate) use guard::check_revision;
pub(crate) use guard::check_tasks;
pub(crate) use output::append_output;
pub(crate) use output::set_output;
pub(crate) use pause::hold;
pub(crate) use pause::release;
pub(crate) use request_cancel::intend;
pub(crate) use valid::has_nul;
pub(crate) use valid::json as check_json;
pub(crate) use valid::key as check_key;
pub(crate) use valid::text as check_text;
pub(crate) use valid::whole as check_whole;
pub(crate) use wake::wake;
