//! Workflow files for `lint` and `graph`.

use crate::cli::{CliError, Exit};
use clawflow_core::definition::limits::FILE_BYTES_MAX;
use std::io::Read;
use std::path::Path;

/// Reads a file; one byte more than is allowed is enough for the parser to refuse it.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let fail = |error| {
        let tried = format!("cannot read {}", path.display());
        CliError { exit: Exit::Usage, code: "bad_file".to_owned(), ..CliError::io(tried, error) }
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(fail)?;
    file.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(fail)?;
    Ok(bytes)
}
