//! The record of a run.

use crate::Millis;
use crate::ids::{FlowId, RunId, ScheduleId, TaskId};
use crate::text_enum::text_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

text_enum!(
    /// Where a run stands.
    RunStatus {
        /// It waits for the run before it.
        Queued = "queued",
        /// Its task or flow goes on.
        Running = "running",
        /// It failed and is tried again at `dueAt`.
        Retrying = "retrying",
        /// It ended well.
        Succeeded = "succeeded",
        /// It failed.
        Failed = "failed",
        /// It took too long.
        TimedOut = "timed_out",
        /// It was stopped.
        Cancelled = "cancelled",
        /// Nobody knows what became of it.
        Lost = "lost",
        /// It never started.
        Skipped = "skipped",
    }
);

impl RunStatus {
    /// Whether it stays so.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        !matches!(self, Self::Queued | Self::Running | Self::Retrying)
    }

    /// Whether it counts as an error of its schedule.
    #[must_use]
    pub fn is_error(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Lost)
    }
}

text_enum!(
    /// What started a run.
    RunTrigger {
        /// Its slot had come.
        Slot = "slot",
        /// Its slot had passed unseen.
        Missed = "missed",
        /// Somebody asked for it.
        Manual = "manual",
    }
);

text_enum!(
    /// Why slots did not start.
    SkipReason {
        /// Nobody was there when they came.
        Missed = "missed",
        /// An earlier run went on.
        Overlap = "overlap",
        /// Too many runs waited already.
        QueueFull = "queue_full",
        /// A newer slot took its place.
        Replaced = "replaced",
        /// The schedule was disabled or changed before it started.
        Withdrawn = "withdrawn",
    }
);

/// One run of a schedule, or slots in a row that were skipped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScheduleRun {
    /// Its id; ids of one schedule sort by creation.
    pub run_id: RunId,
    /// +1 per change of this row.
    pub version: u64,
    /// Its schedule.
    pub schedule_id: ScheduleId,
    /// Session key of the owner.
    pub owner_key: String,
    /// What started it.
    pub trigger: RunTrigger,
    /// Its slot, of several the first; a manual run has none. No two rows of a schedule have the
    /// same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Millis>,
    /// The last of several skipped slots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot_to: Option<Millis>,
    /// How many slots it stands for.
    pub slots: u64,
    /// Whether there were more slots than `slots` says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// Where it stands.
    pub status: RunStatus,
    /// Why it was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<SkipReason>,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The task of the newest attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
    /// The flow of the newest attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<FlowId>,
    /// Whether the flow was there before, and somebody else's: the run joined it, and ends when it
    /// does, but never stops it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joined: bool,
    /// When it is tried again, or stopped because it takes too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Millis>,
    /// Why it is being stopped, if it is: `replaced` or `timeout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopping: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Creation.
    pub created_at: Millis,
    /// When its newest attempt began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Millis>,
    /// End.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Millis>,
}

impl ScheduleRun {
    /// Whether it has not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.ended_at.is_none()
    }
}
