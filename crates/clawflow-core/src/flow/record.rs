//! The flow record (`model.md`). Fields are camelCase in JSON; absent optionals are omitted.

use super::state::FlowStatus;
use crate::Millis;
use crate::budget::Budget;
use crate::ids::{FlowId, TaskId};
use crate::import::Imported;
use crate::json::Object;
use crate::text_enum::text_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The controller of flows that the engine drives.
pub const ENGINE_CONTROLLER: &str = "clawflow/engine";

text_enum!(
    /// Who moves a flow.
    SyncMode {
        /// A controller, or the engine.
        Managed = "managed",
        /// Its one task.
        TaskMirrored = "task_mirrored",
        /// Its members, which others start.
        GroupMirrored = "group_mirrored",
    }
);

text_enum!(
    /// What the owner is told.
    NotifyPolicy {
        /// The end only.
        DoneOnly = "done_only",
        /// Every change of status.
        StateChanges = "state_changes",
        /// Nothing.
        Silent = "silent",
    }
);

text_enum!(
    /// What the engine does with a flow that code drives when its children end.
    OnChildrenDone {
        /// Nothing: its controller looks.
        Nothing = "none",
        /// It goes on once none is active.
        Resume = "resume",
        /// It ends once none is active: well if all of them did, else badly.
        Finish = "finish",
        /// It fails with the first child that ends badly, the others are stopped; else as `finish`.
        FailFast = "fail_fast",
    }
);

/// Where the request came from, so that the answer can go back there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Origin {
    /// Channel, e.g. `slack`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Address in the channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Account that speaks there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
}

/// One durable job: one owner, one state, one place to inspect, cancel or resume it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Flow {
    /// Its id.
    pub flow_id: FlowId,
    /// Human name, unique per owner among live flows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Who moves it.
    pub sync_mode: SyncMode,
    /// Session key of the owner.
    pub owner_key: String,
    /// Where the request came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester_origin: Option<Origin>,
    /// Who decides about it; required when managed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller_id: Option<String>,
    /// 0 at creation, +1 per change of this row.
    pub revision: u64,
    /// Where it stands.
    pub status: FlowStatus,
    /// What the owner is told.
    pub notify_policy: NotifyPolicy,
    /// What happens when its children end; nothing, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_children_done: Option<OnChildrenDone>,
    /// What it is for; never empty.
    pub goal: String,
    /// The step at work, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_step: Option<String>,
    /// The controller's own state; `null` is a value.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::json::present"
    )]
    pub state_json: Option<Value>,
    /// The controller's own note of what it waits for; `null` is a value.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "crate::json::present"
    )]
    pub wait_json: Option<Value>,
    /// Small persisted outputs.
    #[serde(default)]
    pub outputs: Object,
    /// The task that blocks it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_task_id: Option<TaskId>,
    /// Why it is blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_summary: Option<String>,
    /// When a cancel was first requested; never cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_requested_at: Option<Millis>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_reason: Option<String>,
    /// When it was paused, while it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<Millis>,
    /// What it may use, its tasks and the flows of its steps included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// Since when its budget, or that of the flow above, is used up: nothing starts until it is
    /// raised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_at: Option<Millis>,
    /// Since when it waits in line for the live flow of its key to end; it has not begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_line_since: Option<Millis>,
    /// SHA-256 (hex) of its workflow file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition_hash: Option<String>,
    /// Name of the workflow: the one that its file gives itself, else the file's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The flow whose step started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_flow_id: Option<FlowId>,
    /// That step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_step_id: Option<String>,
    /// The ended flow that this one tries again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<FlowId>,
    /// The flow that this one was forked from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork_of: Option<FlowId>,
    /// Free labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Which record of another system it was taken over from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Box<Imported>>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Creation.
    pub created_at: Millis,
    /// Last change of this row.
    pub updated_at: Millis,
    /// End.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Millis>,
}

impl Flow {
    /// Whether nothing moves the flow any more. A `blocked` flow is over only once it has ended.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.status.is_terminal() || (self.status == FlowStatus::Blocked && self.ended_at.is_some())
    }

    /// Whether no other flow of its owner may have its key now.
    #[must_use]
    pub fn holds_key(&self) -> bool {
        self.key.is_some() && self.ended_at.is_none() && self.in_line_since.is_none()
    }

    /// Whether no child may start: it is paused, or its budget is used up.
    #[must_use]
    pub fn holds_starts(&self) -> bool {
        self.paused_at.is_some() || self.held_at.is_some()
    }

    /// Whether the engine drives it.
    #[must_use]
    pub fn is_engine(&self) -> bool {
        self.controller_id.as_deref() == Some(ENGINE_CONTROLLER)
    }
}
