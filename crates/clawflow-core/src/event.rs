//! Events: the history that explains every record.

use crate::Millis;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One line of history. Written in the same unit as the change that it tells of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The flow's id, or the task's where it has no flow.
    pub subject: String,
    /// Position in the subject's own history, from 1 without gaps. Two decisions that were made on
    /// the same history claim the same number, and the store refuses the second as a conflict.
    pub number: u64,
    /// Session key of the subject's owner.
    pub owner_key: String,
    /// When it was decided.
    pub at: Millis,
    /// Who caused it: the controller, a person, a token's name; the engine itself if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// What happened: `flow.created`, `step.started`, `task.ended`, …
    pub kind: String,
    /// The step concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_id: Option<String>,
    /// The task concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
    /// Details, by kind.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
}

/// An event as the store keeps it: with its place in the writer's sequence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoredEvent {
    /// Gapless and in commit order for one writer.
    pub seq: u64,
    /// The event.
    #[serde(flatten)]
    pub event: Event,
}
