//! `clawflow doctor`: looks for what could keep clawflow from working.

mod examine;
mod finding;
mod holder;
mod home;
mod listener;
mod machine;
mod queues;
mod reports;
mod service;

pub(crate) use examine::run;
