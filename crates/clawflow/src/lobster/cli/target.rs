//! What is to be run: a workflow file or a pipeline.

use super::options::RunOptions;
use super::trouble::Trouble;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Endings of workflow files.
const ENDINGS: [&str; 4] = ["lobster", "yaml", "yml", "json"];

/// What is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A workflow file, absolute.
    File(PathBuf),
    /// The text of a pipeline.
    Pipeline(String),
}

impl Target {
    /// What the words mean: a file that is named must be one; a single word is one if there is
    /// such a file, else it is a pipeline.
    pub(super) fn of(options: &RunOptions) -> Result<Self, Trouble> {
        if let Some(file) = &options.file {
            return resolve(file).map(Self::File).map_err(Trouble::parse);
        }
        let found = match options.words.as_slice() {
            [word] if !word.is_empty() && !word.contains('|') => resolve(word).ok(),
            _ => None,
        };
        Ok(found.map_or_else(|| Self::Pipeline(options.words.join(" ")), Self::File))
    }
}

/// The file that a word names.
pub(super) fn resolve(word: &str) -> Result<PathBuf, String> {
    let path = std::path::absolute(Path::new(word)).unwrap_or_else(|_| PathBuf::from(word));
    let shown = path.display();
    let found = std::fs::metadata(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("ENOENT: no such file or directory, stat '{shown}'"),
        ErrorKind::PermissionDenied => format!("EACCES: permission denied, stat '{shown}'"),
        ErrorKind::NotADirectory => format!("ENOTDIR: not a directory, stat '{shown}'"),
        ErrorKind::InvalidFilename => format!("ENAMETOOLONG: name too long, stat '{shown}'"),
        _ => format!("{error}, stat '{shown}'"),
    })?;
    if !found.is_file() {
        return Err("Workflow path is not a file".to_owned());
    }
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    match ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str())) {
        true => Ok(path),
        false => Err("Workflow file must end in .lobster, .yaml, .yml, or .json".to_owned()),
    }
}
