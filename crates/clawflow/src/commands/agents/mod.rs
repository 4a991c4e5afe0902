//! `clawflow agents …`.

mod list;
mod spawn;
mod verbs;

pub(crate) use verbs::AgentsArgs;
pub(crate) use verbs::run;
