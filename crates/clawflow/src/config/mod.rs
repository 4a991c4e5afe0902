//! Configuration: where each setting's value comes from, and what it is.
//!
//! Purpose: one table of settings ([`table::SETTINGS`]) from which reading, checking, `config show`
//! and the table in `docs/configuration.md` all come.
//! Use: [`Settings::load`] once at the start of a command; then plain typed fields.
//! Limits: a file has at most 1 MiB; every setting has a range of its own.
//! Failure: an unknown key or a bad value anywhere fails the load, and all of them are told at
//! once, so that no command starts half-configured.

mod agent_tables;
mod agents;
mod assign;
mod bytes;
mod env;
mod env_names;
mod error;
mod excerpt;
mod file;
mod load;
mod named;
mod network;
mod origin;
mod places;
mod queues;
mod read;
#[cfg(test)]
mod reference;
mod remote;
mod setting;
mod settings;
mod show;
/// Each setting by name, for commands that have a flag for one.
pub(crate) mod table;
mod value;

pub(crate) use env::EnvMap;
pub(crate) use error::ConfigErrors;
pub(crate) use load::Flags;
pub(crate) use network::listen;
pub(crate) use places::home_alone as home;
pub(crate) use places::unit_directory;
pub(crate) use settings::ColorChoice;
pub(crate) use settings::Gateway;
pub(crate) use settings::Settings;
