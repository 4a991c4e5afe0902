//! Reads workflow files, for every command that takes one.
//!
//! Limits: [`FILE_BYTES_MAX`]; of what is longer only one byte more is read, enough for the
//! parser to refuse it. Failure: exit code 2, with the path.

use super::bounded_file;
use crate::cli::{CliError, Exit};
use clawflow_core::definition::limits::FILE_BYTES_MAX;
use clawflow_core::definition::{Definition, DefinitionError, Files, gather};
use clawflow_core::json::Object;
use clawflow_engine::workflow_file;
use std::path::Path;

/// The files that the file at `path` names as child flows, and those that they name. `given`: the
/// arguments, where they are known. A file from standard input lies where the command was called.
pub(crate) fn named_by(
    definition: &Definition,
    file: &str,
    path: &str,
    given: Option<&Object>,
) -> Result<Files, Vec<DefinitionError>> {
    let real = std::fs::canonicalize(path).ok();
    let identity = real.as_ref().and_then(|real| real.to_str()).unwrap_or(path);
    gather((file, path, identity), definition, given, &[], &mut workflow_file)
}

/// The bytes of the file; of standard input where the path is `-`.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    bounded_file::read(path, FILE_BYTES_MAX).map_err(|error| {
        let tried = format!("cannot read {}", path.display());
        CliError { exit: Exit::Usage, code: "bad_file".to_owned(), ..CliError::io(tried, error) }
    })
}
