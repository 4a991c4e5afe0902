//! `clawflow flows …`, and its twin `clawflow tasks flow …`.

mod answer;
mod budget;
mod cancel;
mod create;
mod emit;
mod events;
mod fail;
mod finish;
mod fork;
mod graph;
mod lint;
mod list;
mod logs;
mod many;
mod mirror;
mod new;
mod output;
mod pause;
mod purge;
mod request_cancel;
mod respond;
mod resume;
mod retry;
mod run_task;
mod schema;
mod set_waiting;
mod settle;
mod show;
mod signal;
mod steer;
mod verbs;
mod wait;
mod why;

pub(crate) use verbs::FlowsCommand;
pub(crate) use verbs::run;
