//! Errors of the engine, split by what the caller can do.

use clawflow_core::error::{Code, Refusal};
use clawflow_core::flow::Flow;
use clawflow_store::{ApplyError, StoreError};

/// Why a command of the engine failed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The law refused it; the record is as it was.
    #[error("{refusal}")]
    Refused {
        /// Why.
        refusal: Refusal,
        /// The record that it was decided on.
        flow: Option<Box<Flow>>,
    },
    /// The store failed; nothing was changed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored record cannot be understood.
    #[error("{0}")]
    Broken(String),
    /// The engine is stopping.
    #[error("the engine is stopping")]
    Stopping,
}

impl EngineError {
    /// A refusal without a record.
    pub fn refused(code: Code, message: impl Into<String>) -> Self {
        Self::Refused { refusal: Refusal::new(code, message), flow: None }
    }

    /// The refusal's code, where it is one.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal.code),
            _ => None,
        }
    }
}

impl EngineError {
    /// Whether the same may succeed later, without anybody doing something about the record.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Store(error) => {
                !matches!(error, StoreError::Corrupt { .. } | StoreError::Newer { .. })
            }
            Self::Refused { refusal, .. } => refusal.code == Code::PersistFailed,
            Self::Broken(_) | Self::Stopping => false,
        }
    }
}

impl From<Refusal> for EngineError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused { refusal, flow: None }
    }
}

impl From<ApplyError> for EngineError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Store(error) => Self::Store(error),
            ApplyError::KeyConflict { .. } => Self::refused(Code::KeyConflict, error.to_string()),
            ApplyError::Invalid { .. } => Self::Broken(error.to_string()),
            ApplyError::Conflict { .. } => Self::refused(Code::RevisionConflict, error.to_string()),
        }
    }
}
