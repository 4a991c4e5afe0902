//! `clawflow cron …`.

mod add;
mod agent;
mod edit;
mod list;
mod next;
mod policy;
mod run;
mod runs;
mod show;
mod spec;
pub(in crate::commands) mod start;
mod status;
mod toggle;
mod verbs;

pub(crate) use verbs::CronCommand;
pub(crate) use verbs::run as run_command;
