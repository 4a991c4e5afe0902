//! What a schedule does where the world is not as its timetable has it.

use super::limits::{DURATION_MS_MAX, MISSED_CAP_MAX, RETRIES_MAX, RETRY_PAUSE_MAX_MS};
use crate::Millis;
use crate::error::{Code, Refusal};
use crate::flow::NotifyPolicy;
use crate::hash::sha256;
use crate::ids::ScheduleId;
use crate::text_enum::text_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

text_enum!(
    /// What becomes of slots that nobody was there to start.
    MissedPolicy {
        /// They are recorded as skipped.
        Skip = "skip",
        /// The newest is started, for all of them.
        Once = "once",
        /// Each is started, the oldest first.
        All = "all",
    }
);

text_enum!(
    /// What becomes of a slot while an earlier run goes on.
    OverlapPolicy {
        /// It is recorded as skipped.
        Skip = "skip",
        /// It waits for the end of the run.
        Queue = "queue",
        /// The run is stopped, then it starts.
        Replace = "replace",
        /// It starts beside the run.
        Allow = "allow",
    }
);

/// The policies of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[schemars(rename = "SchedulePolicies")]
pub struct Policies {
    /// What becomes of missed slots.
    pub missed: MissedPolicy,
    /// Missed slots older than this, in milliseconds, are skipped in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed_window_ms: Option<u64>,
    /// With `missed: all`: at most so many of the newest are started.
    pub missed_cap: u32,
    /// With `missed: all`: time from one start to the next, in milliseconds.
    pub missed_spacing_ms: u64,
    /// How much later than its slot a start still counts as on time, in milliseconds.
    pub late_ms: u64,
    /// What becomes of a slot while an earlier run goes on.
    pub overlap: OverlapPolicy,
    /// How often a run that failed is tried again.
    pub retries: u32,
    /// Pause before the first retry, in milliseconds, doubled each time, up to an hour.
    pub retry_pause_ms: u64,
    /// Limit on a run, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Slots fire up to this much later, in milliseconds, always the same for one schedule.
    pub jitter_ms: u64,
    /// No slot before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Millis>,
    /// No slot after this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Millis>,
    /// Runs that fail in a row before the schedule is disabled; 0: never.
    pub disable_after: u32,
    /// Whether it is deleted once its last slot has run well.
    pub delete_after_run: bool,
    /// What the owner is told of each task that it runs; a flow's file says that itself.
    pub notify: NotifyPolicy,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            missed: MissedPolicy::Once,
            missed_window_ms: None,
            missed_cap: 10,
            missed_spacing_ms: 1000,
            late_ms: 60_000,
            overlap: OverlapPolicy::Skip,
            retries: 0,
            retry_pause_ms: 30_000,
            timeout_ms: None,
            jitter_ms: 0,
            starts_at: None,
            ends_at: None,
            disable_after: 10,
            delete_after_run: false,
            notify: NotifyPolicy::Silent,
        }
    }
}

impl Policies {
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let invalid = |why: String| Err(Refusal::new(Code::Invalid, why));
        let durations = [
            ("the window of missed slots", self.missed_window_ms.unwrap_or_default()),
            ("the spacing of missed slots", self.missed_spacing_ms),
            ("the lateness", self.late_ms),
            ("the pause before a retry", self.retry_pause_ms),
            ("the timeout", self.timeout_ms.unwrap_or_default()),
            ("the jitter", self.jitter_ms),
        ];
        if let Some((what, _)) = durations.into_iter().find(|(_, ms)| *ms > DURATION_MS_MAX) {
            return invalid(format!("{what} is longer than ten years"));
        }
        if self.timeout_ms == Some(0) {
            return invalid("a timeout of 0 would let nothing run: leave it out".to_owned());
        }
        if !(1..=MISSED_CAP_MAX).contains(&self.missed_cap) {
            return invalid(format!("the cap of missed slots is 1 to {MISSED_CAP_MAX}"));
        }
        if self.retries > RETRIES_MAX {
            return invalid(format!("a run is tried again {RETRIES_MAX} times at most"));
        }
        let (starts, ends) = (self.starts_at, self.ends_at);
        if starts.zip(ends).is_some_and(|(starts, ends)| starts > ends) {
            return invalid("it would end before it starts".to_owned());
        }
        Ok(())
    }

    /// How much later than its slots this schedule fires: the same for ever, spread evenly over
    /// schedules.
    #[must_use]
    pub fn jitter_of(&self, id: &ScheduleId) -> Millis {
        if self.jitter_ms == 0 {
            return 0;
        }
        let digits = &sha256(&id.0)[..15];
        let number = u64::from_str_radix(digits, 16).unwrap_or_default();
        (number % (self.jitter_ms + 1)).cast_signed()
    }

    /// The pause before attempt `attempt + 1`.
    pub(crate) fn pause_after(&self, attempt: u32) -> Millis {
        let doubled = 1_u64.checked_shl(attempt.saturating_sub(1)).unwrap_or(u64::MAX);
        let longest = RETRY_PAUSE_MAX_MS.max(self.retry_pause_ms);
        self.retry_pause_ms.saturating_mul(doubled).min(longest).cast_signed()
    }
}
