//! Signals: events from outside by (owner, name, key, id) (`model.md`, Waits).
//!
//! A signal resolves every open wait that matches. If none does it is kept, bounded, and given once
//! to the first later one.

use crate::Millis;
use crate::error::Refusal;
use crate::flow::{check_json, check_text};
use crate::ids::{FlowId, SignalId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Signals that are kept for one owner; the oldest make room for newer ones.
pub const KEPT_MAX: usize = 1000;

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
    /// The one flow that may take it; any of the owner's, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<FlowId>,
    /// What it carries.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub payload: Value,
    /// When it came.
    pub created_at: Millis,
}

impl Signal {
    /// The signal as it can be stored.
    ///
    /// # Errors
    /// `invalid` for a blank or overlong name or key, or a payload that is too large.
    pub fn checked(mut self) -> Result<Self, Refusal> {
        self.name = check_text("the name of the event", &self.name)?;
        self.key = self.key.map(|key| check_text("the key of the event", &key)).transpose()?;
        check_json("the payload", &self.payload)?;
        Ok(self)
    }
}
