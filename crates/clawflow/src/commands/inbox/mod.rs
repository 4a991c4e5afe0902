//! `clawflow inbox …`.

mod ack;
mod list;
mod verbs;
mod watch;

pub(crate) use verbs::InboxCommand;
pub(crate) use verbs::run;
