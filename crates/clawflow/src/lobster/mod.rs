//! Lobster: what its files and pipelines mean, to the letter.

pub(crate) mod cli;
mod dry_run;
mod file;
mod graph;
pub(crate) mod pipeline;
mod schema;
mod value;
