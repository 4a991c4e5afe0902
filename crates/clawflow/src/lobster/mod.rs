//! Lobster: what its files and pipelines mean, to the letter.

pub(crate) mod cli;
pub(crate) mod pipeline;
mod schema;
mod value;
