//! Steps of flows that the engine drives.

use crate::Millis;
use crate::acp::AgentSession;
use crate::ids::{FlowId, TaskId, WaitId};
use crate::task::Usage;
use crate::text::Text;
use crate::text_enum::text_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

text_enum!(
    /// Where a step stands.
    StepStatus {
        /// Not started; its needs have not ended, or its flow is paused.
        Pending = "pending",
        /// An attempt is recorded; nothing is known yet of its process.
        Starting = "starting",
        /// The attempt's process runs.
        Running = "running",
        /// Waits until `dueAt` for its next attempt.
        Retrying = "retrying",
        /// Waits for a timer or a person.
        Waiting = "waiting",
        /// The outcome of its attempt is unknown; somebody must decide.
        InDoubt = "in_doubt",
        /// Ended well.
        Succeeded = "succeeded",
        /// Ended badly, after its retries.
        Failed = "failed",
        /// Never ran: a condition, a fallback that was not needed, a `skip_rest`, a decision.
        Skipped = "skipped",
        /// Did not run or was stopped because of a cancel.
        Cancelled = "cancelled",
    }
);

impl StepStatus {
    /// Whether the step has ended for good.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Skipped | Self::Cancelled)
    }

    /// Whether a process of the step may exist.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Starting | Self::Running)
    }
}

/// Whether a step may go from one status to another. `docs/lifecycle.md` has its picture; a test
/// compares them, and every decision checks each of its changes in debug builds.
#[must_use]
pub const fn may_follow(from: StepStatus, to: StepStatus) -> bool {
    use StepStatus as S;
    match (from, to) {
        // Its turn has come: it runs, waits, or ends at once.
        (S::Pending, S::Starting | S::Running | S::Waiting | S::Succeeded | S::Failed) => true,
        // Its turn never comes.
        (S::Pending, S::Skipped | S::Cancelled) => true,
        (S::Starting, S::Running) => true,
        // A queued attempt is withdrawn, one that never executed fails or is tried again, and the
        // end of a short one may be known before its start.
        (S::Starting, S::Skipped) => true,
        (S::Starting | S::Running, S::Retrying | S::Waiting | S::InDoubt) => true,
        (S::Starting | S::Running, S::Succeeded | S::Failed | S::Cancelled) => true,
        // The next attempt, or the rest of a pipeline after its answer; back in line while the
        // flow is paused.
        (S::Retrying | S::InDoubt | S::Waiting, S::Starting | S::Pending) => true,
        (S::Retrying, S::Failed | S::Cancelled) => true,
        // A child flow that failed is tried again.
        (S::Waiting, S::Retrying) | (S::Retrying, S::Waiting) => true,
        // After a sleep there may be a gate.
        (S::Waiting, S::Waiting | S::Succeeded | S::Failed | S::Cancelled) => true,
        (S::InDoubt, S::Waiting | S::Succeeded | S::Failed | S::Skipped | S::Cancelled) => true,
        _ => false,
    }
}

/// What a step left behind. Never recomputed once recorded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StepResult {
    /// Standard output, as text (invalid UTF-8 replaced).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub stdout: Option<Text>,
    /// A value given in place of output: by a synthetic step or by `settle`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "crate::json::present")]
    pub json: Option<Value>,
    /// Whether `stdout` was cut at its limit.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// Exit code of the last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// Status of the server's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Headers of the server's answer, by their names in small letters with `_` for `-`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// The rest of a pipeline that waits for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<Value>,
    /// Attempts that ended with a question.
    #[serde(skip_serializing_if = "is_zero")]
    pub asked: u32,
    /// What its attempts have used together, where one told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// The session of its agent, where another attempt or step can go on with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<AgentSession>,
    /// The answer at the step's approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved: Option<bool>,
    /// Who gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// Who asked at the step's approval, where its file says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiated_by: Option<String>,
    /// What the step's input was about.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "crate::json::present")]
    pub subject: Option<Value>,
    /// The answer to the step's input.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "crate::json::present")]
    pub response: Option<Value>,
}

/// One step of one flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Its flow.
    pub flow_id: FlowId,
    /// Its id in the file.
    pub step_id: String,
    /// Its place in the file, from 0.
    pub position: u32,
    /// Whether it belongs to the unwinding: it runs at every end of the flow.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub finally: bool,
    /// The step that it is inside of or that it undoes, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<PartOf>,
    /// +1 per change of this row.
    pub version: u64,
    /// Where it stands.
    pub status: StepStatus,
    /// Attempts begun so far.
    pub attempt: u32,
    /// Attempts whose outcome was lost.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost_attempts: u32,
    /// The newest attempt's task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
    /// The newest attempt's child flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child_flow_id: Option<FlowId>,
    /// The open wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait_id: Option<WaitId>,
    /// When a retry is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Millis>,
    /// What it left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<StepResult>,
    /// Why it failed or was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
    /// The flow whose recorded result this is, after a retry or fork.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reused_from: Option<FlowId>,
    /// First attempt's start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Millis>,
    /// End.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Millis>,
}

/// The place of an inner step: of an item of a loop, or of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PartOf {
    /// Position of the outer step.
    pub step: u32,
    /// Which of the outer step's steps it is, from 0.
    pub part: u32,
    /// The item of the loop, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// How often the whole of the outer step was tried before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub round: u32,
    /// Whether it undoes the step at `step` rather than being inside of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undo: bool,
}

impl Step {
    /// A step of which nothing has happened yet.
    #[must_use]
    pub fn fresh(flow_id: FlowId, step_id: String, position: u32) -> Self {
        Self {
            flow_id,
            step_id,
            position,
            finally: false,
            of: None,
            version: 0,
            status: StepStatus::Pending,
            attempt: 0,
            lost_attempts: 0,
            task_id: None,
            child_flow_id: None,
            wait_id: None,
            due_at: None,
            result: None,
            error: None,
            reused_from: None,
            started_at: None,
            ended_at: None,
        }
    }
}

/// Why a step failed, was skipped or is in doubt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepError {
    /// For programs: `exit`, `signal`, `timed_out`, `exec`, `lost`, `denied`, `condition`, …
    pub code: String,
    /// For people.
    pub message: String,
    /// How long a server wants to be left alone, in milliseconds: until the next attempt is put
    /// off. Not part of the record.
    #[serde(skip)]
    pub retry_after_ms: Option<u64>,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl StepError {
    /// An error with this code and message.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), retry_after_ms: None }
    }
}
