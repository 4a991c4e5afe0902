//! What went wrong, in Lobster's words.

use crate::cli::CliError;
use crate::open::OpenError;
use clawflow_engine::api::ApiError;

/// Why there is no outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// Who can do something about it.
    pub(super) kind: Kind,
    /// The message.
    pub(super) message: String,
}

/// Who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whoever wrote the command line.
    Parse,
    /// Whoever wrote what runs.
    Runtime,
    /// Whoever installed this.
    Doctor,
}

impl Kind {
    /// Its word in a report.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Parse => "parse_error",
            Self::Runtime => "runtime_error",
            Self::Doctor => "doctor_error",
        }
    }

    /// The exit code of a run that ends so.
    pub(super) fn code(self) -> u8 {
        if self == Self::Parse { 2 } else { 1 }
    }
}

impl Trouble {
    /// The command line is wrong.
    pub(super) fn parse(message: impl Into<String>) -> Self {
        Self { kind: Kind::Parse, message: message.into() }
    }

    /// Something failed.
    pub(super) fn runtime(message: impl Into<String>) -> Self {
        Self { kind: Kind::Runtime, message: message.into() }
    }
}

impl From<ApiError> for Trouble {
    fn from(error: ApiError) -> Self {
        Self::runtime(error.message)
    }
}

impl From<OpenError> for Trouble {
    fn from(error: OpenError) -> Self {
        Self::runtime(error.to_string())
    }
}

impl From<CliError> for Trouble {
    fn from(error: CliError) -> Self {
        Self::runtime(error.message)
    }
}
