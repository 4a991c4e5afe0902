//! Why a pipeline did not run.

/// What went wrong, in Lobster's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failure {
    /// Who can do something about it.
    pub(crate) kind: Kind,
    /// The message.
    pub(crate) message: String,
}

/// Who can do something about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Whoever wrote the pipeline or the answer; nothing was carried out.
    Parse,
    /// A command failed.
    Runtime,
}

impl Failure {
    /// A command failed.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { kind: Kind::Runtime, message: message.into() }
    }

    /// The text or the answer is wrong.
    pub(super) fn parse(message: impl Into<String>) -> Self {
        Self { kind: Kind::Parse, message: message.into() }
    }

    /// An operation on a file failed; in the words of Lobster's runtime.
    pub(super) fn file(error: &std::io::Error, verb: &str, path: &std::path::Path) -> Self {
        use std::io::ErrorKind;
        if error.kind() == ErrorKind::IsADirectory {
            return Self::new("EISDIR: illegal operation on a directory, read");
        }
        let why = match error.kind() {
            ErrorKind::NotFound => "ENOENT: no such file or directory".to_owned(),
            ErrorKind::PermissionDenied => "EACCES: permission denied".to_owned(),
            ErrorKind::NotADirectory => "ENOTDIR: not a directory".to_owned(),
            ErrorKind::InvalidFilename => "ENAMETOOLONG: name too long".to_owned(),
            _ => error.to_string(),
        };
        Self::new(format!("{why}, {verb} '{}'", path.display()))
    }
}
