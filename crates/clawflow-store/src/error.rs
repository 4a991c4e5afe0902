//! Errors of stores, split by what the caller can do.

use clawflow_core::ids::FlowId;

/// Why a unit was not applied. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// A row is not as the decision saw it: load again and decide again.
    #[error("{what} changed meanwhile: expected version {expected:?}, found {found:?}")]
    Conflict {
        /// Kind and id of the row.
        what: String,
        /// The version that the unit was made on; `None`: the row must not exist.
        expected: Option<u64>,
        /// The version that is there; `None`: there is no such row.
        found: Option<u64>,
    },
    /// A live flow of the same owner has the key.
    #[error("the key `{key}` belongs to the live flow {flow_id}")]
    KeyConflict {
        /// The key.
        key: String,
        /// Who has it.
        flow_id: FlowId,
    },
    /// The unit contradicts itself or the rules of the ledger: a bug of whoever made it.
    #[error("the unit is not valid: {why}")]
    Invalid {
        /// The row and what is wrong with it.
        why: String,
    },
    /// The store itself failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A failure of the store itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The disk is full; nothing was changed. Works again once there is room.
    #[error("the disk is full while {doing}")]
    Full {
        /// What was being done.
        doing: String,
    },
    /// It cannot be opened, read or written now.
    #[error("the store is unavailable while {doing}: {why}")]
    Unavailable {
        /// What was being done.
        doing: String,
        /// The cause.
        why: String,
    },
    /// Another program holds it.
    #[error("the store {path} is locked by another program")]
    Locked {
        /// The file.
        path: String,
    },
    /// It was written by a newer clawflow.
    #[error("the store has schema {found}, this clawflow knows up to {known}")]
    Newer {
        /// Schema of the file.
        found: u32,
        /// Newest schema that this program knows.
        known: u32,
    },
    /// What was read makes no sense. Nothing was changed.
    #[error("the store is damaged: {why}")]
    Corrupt {
        /// What was found.
        why: String,
    },
}
