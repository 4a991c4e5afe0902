//! `clawflow gateway`: the daemon and the questions about it.

mod args;
mod background;
mod daemon;
mod install;
mod rest;
mod status;
mod stop;

pub(crate) use args::GatewayArgs;
pub(crate) use args::run;
pub(crate) use background::spawn_background;
