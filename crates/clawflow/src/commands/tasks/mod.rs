//! `clawflow tasks …`.

mod cancel;
mod list;
pub(super) mod logs;
mod run;
mod show;
mod verbs;

pub(crate) use verbs::TasksCommand;
pub(crate) use verbs::run;
