//! The schedule record.

use super::payload::Payload;
use super::policies::Policies;
use super::run::RunStatus;
use super::spec::Spec;
use crate::Millis;
use crate::flow::Origin;
use crate::ids::{RunId, ScheduleId};
use crate::import::Imported;
use crate::text_enum::text_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

text_enum!(
    /// Why a schedule does not fire.
    DisabledReason {
        /// Somebody disabled it.
        Asked = "asked",
        /// There are no more slots.
        Finished = "finished",
        /// Too many runs failed in a row.
        Errors = "errors",
        /// Its timetable cannot be read any more.
        Broken = "broken",
    }
);

/// What time starts, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// Its id.
    pub schedule_id: ScheduleId,
    /// +1 per change of this row.
    pub version: u64,
    /// Session key of the owner.
    pub owner_key: String,
    /// Human name, unique per owner.
    pub name: String,
    /// Where the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester_origin: Option<Origin>,
    /// When.
    pub spec: Spec,
    /// What.
    pub payload: Payload,
    /// How.
    pub policies: Policies,
    /// Whether it fires.
    pub enabled: bool,
    /// Why it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_reason: Option<DisabledReason>,
    /// The first slot that nothing was decided about yet, while it is enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_slot: Option<Millis>,
    /// When that is looked at: its slot and the jitter, or later while missed slots are spaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Millis>,
    /// The newest slot that was decided about: started, queued or skipped. Never moves back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_slot: Option<Millis>,
    /// How the newest ended run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_status: Option<RunStatus>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_ended_at: Option<Millis>,
    /// Why it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Runs that failed since the last one that did not.
    pub consecutive_errors: u32,
    /// The newest row of history, if it is one of skipped slots: the next ones are added to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipping: Option<RunId>,
    /// Which record of another system it was taken over from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Box<Imported>>,
    /// Creation.
    pub created_at: Millis,
    /// Newest change by somebody, not by time.
    pub updated_at: Millis,
}

impl Schedule {
    /// How much later than its slots it fires.
    #[must_use]
    pub fn jitter(&self) -> Millis {
        self.policies.jitter_of(&self.schedule_id)
    }
}
