//! A new flow that code drives.

use super::blank::blank;
use super::guard::Moved;
use super::state::FlowStatus;
use super::valid;
use super::{ENGINE_CONTROLLER, Flow, NotifyPolicy, OnChildrenDone, Origin};
use crate::Millis;
use crate::budget::Budget;
use crate::error::{Code, Refusal};
use crate::ids::{FlowId, IdSource};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a flow that code drives is made from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewManaged {
    /// Session key of the owner.
    pub owner_key: String,
    /// Who decides about it.
    pub controller_id: String,
    /// What it is for.
    pub goal: String,
    /// Human name.
    pub key: Option<String>,
    /// Where it stands at first: open; queued, if nothing is said.
    pub status: Option<FlowStatus>,
    /// Where the request came from.
    pub requester_origin: Option<Origin>,
    /// What the owner is told; the end only, if nothing is said.
    pub notify_policy: Option<NotifyPolicy>,
    /// What happens when its children end; nothing, if nothing is said.
    pub on_children_done: Option<OnChildrenDone>,
    /// The step at work, for people.
    pub current_step: Option<String>,
    /// The controller's own state.
    pub state_json: Option<Value>,
    /// The controller's note of what it waits for.
    pub wait_json: Option<Value>,
    /// Free labels.
    pub labels: BTreeMap<String, String>,
    /// The ended flow that this one tries again.
    pub retry_of: Option<FlowId>,
    /// The flow that started it.
    pub parent_flow_id: Option<FlowId>,
    /// What it may use, its children included.
    pub budget: Option<Budget>,
}

/// Makes the flow, at revision 0.
///
/// # Errors
/// `invalid` for a blank or overlong text, a value that is too large, an ended status, or the
/// engine as controller.
pub fn create_managed(
    new: NewManaged,
    ids: &mut dyn IdSource,
    now: Millis,
) -> Result<Moved, Refusal> {
    let owner_key = valid::text("the owner key", &new.owner_key)?;
    let controller_id = valid::text("the controller", &new.controller_id)?;
    if controller_id == ENGINE_CONTROLLER {
        let message = format!("{ENGINE_CONTROLLER} drives flows of workflow files only");
        return Err(Refusal::new(Code::Invalid, message));
    }
    let goal = valid::text("the goal", &new.goal)?;
    new.key.as_deref().map_or(Ok(()), valid::key)?;
    let current_step = new.current_step.as_deref().map(|s| valid::text("the current step", s));
    new.state_json.as_ref().map_or(Ok(()), |value| valid::json("the state", value))?;
    new.wait_json.as_ref().map_or(Ok(()), |value| valid::json("the wait", value))?;
    valid::labels(&new.labels)?;
    new.budget.as_ref().map_or(Ok(()), Budget::check)?;
    let status = new.status.unwrap_or(FlowStatus::Queued);
    if status.is_terminal() {
        let message = format!("a new flow cannot be {status}");
        return Err(Refusal::new(Code::Invalid, message));
    }
    let flow = Flow {
        key: new.key,
        requester_origin: new.requester_origin,
        status,
        notify_policy: new.notify_policy.unwrap_or(NotifyPolicy::DoneOnly),
        on_children_done: new.on_children_done,
        goal,
        current_step: current_step.transpose()?,
        state_json: new.state_json,
        wait_json: new.wait_json,
        parent_flow_id: new.parent_flow_id,
        retry_of: new.retry_of,
        budget: new.budget.filter(|budget| !budget.is_empty()),
        labels: new.labels,
        ..blank(FlowId::new(ids), owner_key, controller_id, now)
    };
    let data = json!({ "status": flow.status, "controller": flow.controller_id });
    Ok(Moved { flow, event: Some(("flow.created", data)) })
}
