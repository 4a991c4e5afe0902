//! `clawflow tasks …`.

mod audit;
mod cancel;
mod deliveries;
mod list;
pub(super) mod logs;
mod maintenance;
mod notify;
mod observe;
mod ping_url;
mod purge;
mod report;
mod reported;
mod rerun;
pub(super) mod run;
mod show;
mod turn;
mod verbs;
mod wait;
mod why;
mod wrap;

pub(in crate::commands) use run::chosen_dir;
pub(crate) use verbs::TasksCommand;
pub(crate) use verbs::run;
pub(crate) use wrap::wrap_now;
