//! Which verb is meant.

use super::{help, version};
use crate::config::Flags;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

/// Whether this program was called by Lobster's name, as through a link.
pub(crate) fn is_called(program: &OsStr) -> bool {
    Path::new(program).file_name() == Some(OsStr::new("lobster"))
}

/// Does what the arguments after `lobster` say. The flags are those before it.
pub(crate) fn main(args: impl Iterator<Item = OsString>, _flags: Flags) -> ExitCode {
    let args: Vec<String> = args.map(|arg| arg.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        // Wherever it stands it is a call for help, as in Lobster.
        [] => help::overview(),
        words if words.iter().any(|word| matches!(*word, "-h" | "--help")) => help::overview(),
        ["help", topics @ ..] => help::run(topics.first().copied()),
        ["version" | "--version" | "-v", ..] => version::run(),
        [word, ..] => help::unknown(word),
    }
}
