//! The commands, one file each.

pub(super) mod approve;
pub(super) mod ask;
pub(super) mod commands_list;
pub(super) mod dedupe;
pub(super) mod diff_last;
pub(super) mod email_triage;
pub(super) mod exec;
pub(super) mod group_by;
pub(super) mod head;
pub(super) mod json;
pub(super) mod map;
pub(super) mod openclaw_agent;
pub(super) mod openclaw_invoke;
pub(super) mod pick;
mod predicate;
mod process;
mod pull_request;
pub(super) mod sort;
mod stable_sort;
pub(super) mod state;
pub(super) mod table;
pub(super) mod template;
pub(super) mod where_;
pub(super) mod workflows_list;
pub(super) mod workflows_run;
