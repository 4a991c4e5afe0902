//! The row of a new flow, before anything is known of it.

use super::state::FlowStatus;
use super::{Flow, NotifyPolicy, SyncMode};
use crate::Millis;
use crate::ids::FlowId;
use crate::json::Object;
use std::collections::BTreeMap;

/// A queued flow of this owner at revision 0.
pub(crate) fn blank(flow_id: FlowId, owner_key: String, controller: String, now: Millis) -> Flow {
    Flow {
        flow_id,
        key: None,
        sync_mode: SyncMode::Managed,
        owner_key,
        requester_origin: None,
        controller_id: Some(controller),
        revision: 0,
        status: FlowStatus::Queued,
        notify_policy: NotifyPolicy::DoneOnly,
        on_children_done: None,
        goal: String::new(),
        current_step: None,
        state_json: None,
        wait_json: None,
        outputs: Object::new(),
        blocked_task_id: None,
        blocked_summary: None,
        cancel_requested_at: None,
        cancel_reason: None,
        paused_at: None,
        budget: None,
        held_at: None,
        in_line_since: None,
        definition_hash: None,
        name: None,
        parent_flow_id: None,
        parent_step_id: None,
        retry_of: None,
        fork_of: None,
        labels: BTreeMap::new(),
        imported: None,
        error: None,
        created_at: now,
        updated_at: now,
        ended_at: None,
    }
}
