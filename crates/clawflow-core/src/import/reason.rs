//! What became of a record of another system.

use crate::text_enum::text_enum;

text_enum!(
    /// What became of a record of another system.
    ImportOutcome {
        /// It is here now.
        Taken = "taken",
        /// It was here, has moved on there, and is here as it is there now.
        Updated = "updated",
        /// It was here, as it is there.
        Present = "present",
        /// It was here and is no longer as it is there: it stays as it is here.
        Kept = "kept",
        /// It goes on in the other system, so it is left out until it has ended.
        Active = "active",
        /// It ended so long ago that it would be deleted here at once.
        Expired = "expired",
        /// It cannot be taken over.
        LeftOut = "left_out",
    }
);

/// Why a record is not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What became of it.
    pub outcome: ImportOutcome,
    /// Why, for people.
    pub reason: String,
}

impl LeftOut {
    /// It cannot be taken over.
    #[must_use]
    pub fn because(reason: impl Into<String>) -> Self {
        Self { outcome: ImportOutcome::LeftOut, reason: reason.into() }
    }

    /// It goes on there.
    pub(super) fn active(reason: impl Into<String>) -> Self {
        Self { outcome: ImportOutcome::Active, reason: reason.into() }
    }
}

impl From<String> for LeftOut {
    fn from(reason: String) -> Self {
        Self::because(reason)
    }
}

impl From<crate::error::Refusal> for LeftOut {
    fn from(refusal: crate::error::Refusal) -> Self {
        Self::because(refusal.message)
    }
}
