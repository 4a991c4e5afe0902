//! Which verb is meant.

use super::trouble::Trouble;
use super::{doctor, graph, help, resume, run, version};
use crate::config::Flags;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

/// Whether this program was called by Lobster's name, as through a link.
pub(crate) fn is_called(program: &OsStr) -> bool {
    Path::new(program).file_name() == Some(OsStr::new("lobster"))
}

fn is_help(word: &str) -> bool {
    matches!(word, "-h" | "--help")
}

/// Does what the arguments after `lobster` say. The flags are those before it.
pub(crate) fn main(args: impl Iterator<Item = OsString>, flags: Flags) -> ExitCode {
    let args: Vec<String> = args.map(|arg| arg.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["graph", words @ ..] if words.iter().any(|word| is_help(word)) => graph::help(),
        // Wherever it stands it is a call for help, as in Lobster.
        [] => help::overview(),
        words if words.iter().any(|word| is_help(word)) => help::overview(),
        ["help", topics @ ..] => help::run(topics.first().copied()),
        ["version" | "--version" | "-v", ..] => version::run(),
        ["doctor", words @ ..] => doctor::run(words),
        ["run", words @ ..] => run::run(words, flags),
        ["resume", words @ ..] => resume::run(words, flags),
        ["graph", words @ ..] => graph::run(words),
        pipeline => run::run(pipeline, flags),
    }
}

/// Runs what drives work.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    clawflow_engine::keep_heap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Trouble::runtime(format!("cannot start the runtime: {error}")))?;
    runtime.block_on(work)
}
