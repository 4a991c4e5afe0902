//! io errors that name the path and what was being done with it.

use std::io;
use std::path::{Path, PathBuf};

/// An io error with its path and verb; reads after "failed to".
#[derive(Debug, thiserror::Error)]
#[error("{verb} {}: {source}", path.display())]
pub struct PathError {
    /// What was being done, for example `write`.
    pub verb: &'static str,
    /// What it was being done to.
    pub path: PathBuf,
    /// Why it failed.
    pub source: io::Error,
}

/// Adds path and verb to the error of an io result.
pub(crate) trait At<T> {
    /// Names what was being done and to what.
    fn at(self, verb: &'static str, path: impl AsRef<Path>) -> Result<T, PathError>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, verb: &'static str, path: impl AsRef<Path>) -> Result<T, PathError> {
        self.map_err(|error| PathError {
            verb,
            path: path.as_ref().to_path_buf(),
            source: error.into(),
        })
    }
}
