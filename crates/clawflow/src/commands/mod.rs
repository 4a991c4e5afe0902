//! The commands, one file each.

pub(crate) mod agents;
mod args;
pub(crate) mod backup;
mod binding;
mod bounded_file;
mod client;
pub(crate) mod completion;
pub(crate) mod config;
pub(crate) mod cron;
pub(crate) mod doctor;
pub(crate) mod flows;
pub(crate) mod gateway;
pub(crate) mod import;
pub(crate) mod inbox;
mod input;
pub(crate) mod man;
pub(crate) mod mcp;
mod messages;
pub(crate) mod overview;
pub(crate) mod queues;
pub(crate) mod restore;
pub(crate) mod run;
pub(crate) mod tasks;
pub(crate) mod tokens;
pub(crate) mod workflow_file;
