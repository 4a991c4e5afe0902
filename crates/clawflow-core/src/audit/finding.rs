//! One finding.

use super::code::{AuditCode, AuditScope, Severity};
use crate::Millis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that is wrong, and what mends it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What it is about.
    pub scope: AuditScope,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub code: AuditCode,
    /// The record: a flow, task, delivery, schedule or run; absent for the home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_key: Option<String>,
    /// Its status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// In words.
    pub detail: String,
    /// Since when it is wrong, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Millis>,
    /// For how long, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_ms: Option<u64>,
    /// The command that mends it, or shows what to decide.
    pub hint: String,
    /// It is only late because nobody drives its record.
    #[serde(skip)]
    pub(super) idle: bool,
}

impl Finding {
    pub(super) fn new(
        scope: AuditScope,
        severity: Severity,
        code: AuditCode,
        detail: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            scope,
            severity,
            code,
            id: None,
            owner_key: None,
            status: None,
            detail: detail.into(),
            since: None,
            age_ms: None,
            hint: hint.into(),
            idle: false,
        }
    }

    pub(super) fn of(self, id: &str, owner_key: &str, status: &str) -> Self {
        Self {
            id: Some(id.to_owned()),
            owner_key: Some(owner_key.to_owned()),
            status: Some(status.to_owned()),
            ..self
        }
    }

    pub(super) fn since(self, since: Millis, now: Millis) -> Self {
        let age = u64::try_from(now.saturating_sub(since)).unwrap_or_default();
        Self { since: Some(since), age_ms: Some(age), ..self }
    }

    pub(super) fn idle_unless(self, driven: bool) -> Self {
        Self { idle: !driven, ..self }
    }
}

/// Whether it is longer ago than that.
pub(super) fn over(since: Millis, limit: Millis, now: Millis) -> bool {
    now.saturating_sub(since) > limit
}
