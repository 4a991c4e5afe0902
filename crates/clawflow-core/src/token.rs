//! Access tokens of the TCP listener. The secret itself is never stored.

use crate::Millis;
use crate::ids::TokenId;
use crate::text_enum::text_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

text_enum!(
    /// What a caller may do. Each includes those before it.
    Access {
        /// Report about one job, by its ping URL, and nothing else.
        Ping = "ping",
        /// Look.
        Read = "read",
        /// Start and steer flows.
        Operate = "operate",
        /// Delete, manage tokens and stop the gateway.
        Admin = "admin",
    }
);

/// A token as it is stored and listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// Its id.
    pub token_id: TokenId,
    /// +1 per change of this row.
    pub version: u64,
    /// SHA-256 (hex) of the secret. Never leaves the store.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(skip)]
    pub hash: String,
    /// For people: who has it.
    pub label: String,
    /// What it allows.
    pub access: Access,
    /// The one owner whose records it reaches; all, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_key: Option<String>,
    /// Creation.
    pub created_at: Millis,
    /// From when on it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Millis>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Millis>,
}
