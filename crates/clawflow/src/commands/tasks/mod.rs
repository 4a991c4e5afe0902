//! `clawflow tasks …`.

mod cancel;
mod deliveries;
mod list;
pub(super) mod logs;
mod notify;
mod report;
pub(super) mod run;
mod show;
mod verbs;

pub(crate) use verbs::TasksCommand;
pub(crate) use verbs::run;
