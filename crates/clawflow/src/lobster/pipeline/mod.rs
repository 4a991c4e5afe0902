//! The pipeline language: `exec … | where … | map …`.
//!
//! Use: `parse` reads a text, `run` runs it with the items that go in. A gate ends it with
//! `Ended::Halted`, and `resume` goes on from there with the answer. `entry` does so as a process.
//! Limits: `limits` has each bound. Items flow one by one between stages that look at one item at
//! a time; a command that needs all of them, and the end, hold all of them.
//! Failure: one message, in Lobster's words.

mod args;
mod command;
mod commands;
mod ctx;
mod entry;
mod env;
mod failure;
mod gates;
mod halt;
mod http;
mod items;
mod limits;
mod listing;
mod llm;
mod parse;
mod plan;
mod registry;
mod resume;
mod run;
mod state;
mod template;
#[cfg(test)]
mod tests;

pub(crate) use entry::main;
pub(crate) use entry::try_out;
pub(crate) use gates::Gate;
pub(crate) use parse::Pipeline;
pub(crate) use registry::describe;
