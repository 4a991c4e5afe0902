//! Why nothing of a foreign ledger can be read.

/// Why nothing of a foreign ledger can be read.
#[derive(Debug, thiserror::Error)]
pub enum ForeignError {
    /// There is none.
    #[error("{path} has no ledger of OpenClaw: {why}")]
    None {
        /// Where it was looked for.
        path: String,
        /// What was looked for.
        why: String,
    },
    /// The file is no database, or no whole one, or of another schema.
    #[error("{path} {why}")]
    Bad {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// The file cannot be read.
    #[error("cannot read {path}: {error}")]
    Read {
        /// The file.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The copy cannot be made.
    #[error("cannot copy {path} to {to}: {error}")]
    Copy {
        /// The file.
        path: String,
        /// The directory of the copy.
        to: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// It was written each time that it was copied.
    #[error("{path} is being written all the time")]
    Busy {
        /// The file.
        path: String,
    },
}
