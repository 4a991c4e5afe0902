//! Errors as every face shows them.

use crate::error::EngineError;
use clawflow_core::error::{Code, Refusal};
use clawflow_core::flow::Flow;
use clawflow_store::StoreError;
use serde::{Deserialize, Serialize};

/// A call that failed. The code is stable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// A code of [`Code`], or `ambiguous`, `bad_request`, `bad_file`, `forbidden`, `unavailable`,
    /// `store_full`, `internal`.
    pub code: String,
    /// Why, for people.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The record as it is, where a command was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Box<Flow>>,
    /// Ids that a token may mean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
}

impl ApiError {
    /// An error with this code and message.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            hint: None,
            current: None,
            candidates: Vec::new(),
        }
    }

    /// With a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Whether the store could not persist it: the same may succeed later.
pub(crate) fn is_persistence(error: &ApiError) -> bool {
    ["persist_failed", "store_full", "unavailable"].contains(&error.code.as_str())
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Refused { refusal, flow } => {
                let mut made = Self::new(refusal.code.as_str(), refusal.message);
                made.hint = match refusal.code {
                    Code::NotFound => Some("clawflow flows list".to_owned()),
                    _ => None,
                };
                made.current = flow;
                made
            }
            EngineError::Store(error) => error.into(),
            EngineError::Broken(why) => Self::new("internal", why),
            EngineError::Stopping => Self::new("unavailable", error.to_string()),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        EngineError::from(refusal).into()
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Full { .. } => "store_full",
            StoreError::Corrupt { .. } => "internal",
            _ => "unavailable",
        };
        let made = Self::new(code, error.to_string());
        match &error {
            StoreError::Full { .. } => made.hint("make room on the disk; nothing was lost"),
            _ => made,
        }
    }
}
