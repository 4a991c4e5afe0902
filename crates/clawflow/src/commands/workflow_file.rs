//! Reads workflow files, for every command that takes one.
//!
//! Limits: [`FILE_BYTES_MAX`]; of what is longer only one byte more is read, enough for the
//! parser to refuse it. Failure: exit code 2, with the path.

use super::bounded_file;
use crate::cli::{CliError, Exit};
use clawflow_core::definition::limits::FILE_BYTES_MAX;
use std::path::Path;

/// The bytes of the file; of standard input where the path is `-`.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    bounded_file::read(path, FILE_BYTES_MAX).map_err(|error| {
        let tried = format!("cannot read {}", path.display());
        CliError { exit: Exit::Usage, code: "bad_file".to_owned(), ..CliError::io(tried, error) }
    })
}
