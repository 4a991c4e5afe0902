//! Signals: events from outside by (owner, name, key, id) (`model.md`, Waits).
//!
//! A signal resolves every open wait that matches. If none does it is kept, bounded, and given once
//! to the first later one.

use crate::Millis;
use crate::ids::SignalId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A signal that nobody waited for yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Signal {
    /// Its id.
    pub signal_id: SignalId,
    /// Session key of the owner.
    pub owner_key: String,
    /// Its name.
    pub name: String,
    /// Its key; a wait without a key takes any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What it carries.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub payload: Value,
    /// When it came.
    pub created_at: Millis,
}
