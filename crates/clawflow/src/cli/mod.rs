//! The command line's frame: its tree, what every command is given, how errors and exits are told.

mod api_error;
mod ctx;
#[cfg(test)]
mod docs_tests;
mod entry;
mod error;
mod escape;
mod exit;
mod out;
mod tree;

pub(crate) use ctx::Ctx;
pub(crate) use ctx::Start;
pub(crate) use entry::main;
pub(crate) use entry::parse_failed;
pub(crate) use error::CliError;
pub(crate) use escape::escape;
pub(crate) use escape::escape_lines;
pub(crate) use exit::Exit;
pub(crate) use out::Mode;
pub(crate) use tree::Cli;
pub(crate) use tree::Globals;
