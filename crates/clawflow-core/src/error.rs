//! Refusals: why a command was not applied, by type.

use crate::text_enum::text_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A stored or given word that no enum knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} `{word}`, expected one of {}", expected.join(", "))]
pub struct UnknownWord {
    /// The enum's name.
    pub what: &'static str,
    /// The word, cut.
    pub word: String,
    /// The words that are known.
    pub expected: &'static [&'static str],
}

text_enum!(
    /// The stable codes of a refusal (`model.md`, revision rule).
    Code {
        /// No such record, or one of another owner.
        NotFound = "not_found",
        /// The flow mirrors work that others drive.
        NotManaged = "not_managed",
        /// The record changed since the caller read it.
        RevisionConflict = "revision_conflict",
        /// The record has ended; nothing moves it.
        Terminal = "terminal",
        /// A cancel was requested; nothing forward may happen.
        CancelRequested = "cancel_requested",
        /// The flow is paused.
        Paused = "paused",
        /// The engine steers this flow.
        EngineOwned = "engine_owned",
        /// The command does not fit the record's state.
        InvalidState = "invalid_state",
        /// The command's arguments are wrong.
        Invalid = "invalid",
        /// A live flow of the owner has this key already, or the idempotency key was used before
        /// for something else.
        KeyConflict = "key_conflict",
        /// The store could not persist the change; nothing was changed.
        PersistFailed = "persist_failed",
    }
);

/// A command that was refused. The record is as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Why, for programs.
    pub code: Code,
    /// Why, for people.
    pub message: String,
}

impl Refusal {
    /// A refusal with this code and message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The refusal of `verb` in a state that does not allow it, naming both.
    #[must_use]
    pub fn state(verb: &str, state: &str) -> Self {
        Self::new(Code::InvalidState, format!("cannot {verb} what is {state}"))
    }
}

impl Refusal {
    /// The refusal of anything by a flow that has ended.
    #[must_use]
    pub fn terminal(status: crate::flow::FlowStatus) -> Self {
        Self::new(Code::Terminal, format!("the flow is already {status}"))
    }
}
