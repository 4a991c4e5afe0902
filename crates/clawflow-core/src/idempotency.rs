//! Idempotency keys of creating commands: the first outcome, again.

use crate::Millis;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a command with an idempotency key came to. Kept for [`KEPT_MS`], and written in the same
/// unit as what the command made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Session key of the owner; with the key it names the row.
    pub owner_key: String,
    /// The caller's key.
    pub key: String,
    /// SHA-256 (hex) of the command's name and content: the same key with other content is refused.
    pub content_hash: String,
    /// The answer that was given.
    pub answer: Value,
    /// When.
    pub created_at: Millis,
}

/// How long an outcome is kept, in milliseconds.
pub const KEPT_MS: Millis = 24 * 60 * 60 * 1000;
