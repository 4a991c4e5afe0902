//! `clawflow flows …`, and its twin `clawflow tasks flow …`.

mod answer;
mod cancel;
mod events;
mod graph;
mod lint;
mod list;
mod logs;
mod pause;
mod purge;
mod retry;
mod settle;
mod show;
mod verbs;
mod why;

pub(crate) use verbs::FlowsCommand;
pub(crate) use verbs::run;
