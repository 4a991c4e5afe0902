//! From a short id to the gate that it names.

use super::index;
use super::outcome::Origin;
use super::token::{Gate, short_id};
use super::trouble::Trouble;
use clawflow_core::flow::FlowStatus;
use clawflow_core::wait::{Wait, WaitKind, WaitState};
use clawflow_engine::api::{FlowList, FlowListRequest, FlowRef, FlowShow, FlowView};
use clawflow_gateway::Backend;

/// Flows of one page.
const PAGE: usize = 1000;

/// The gate of an id: the one that was noted, else one that is open.
pub(super) async fn by_id(backend: &Backend, id: &str) -> Result<Option<Gate>, Trouble> {
    let id = id.trim().to_ascii_lowercase();
    if id.len() != 8 || !id.bytes().all(|c| c.is_ascii_hexdigit()) {
        return Ok(None);
    }
    if let Some(gate) = index::find(&id) {
        return Ok(Some(gate));
    }
    let mut after = None;
    loop {
        let page = FlowListRequest {
            status: vec![FlowStatus::Waiting, FlowStatus::Blocked, FlowStatus::Running],
            limit: Some(PAGE),
            after,
            ..FlowListRequest::default()
        };
        let page = backend.call::<FlowList>(&page).await?;
        for line in page.flows {
            let request = FlowRef { flow: line.flow.flow_id.0.clone() };
            // It may have been purged meanwhile.
            let Ok(view) = backend.call::<FlowShow>(&request).await else { continue };
            if let Some(wait) = view.waits.iter().find(|wait| is_meant(wait, &id)) {
                return Ok(Some(gate(&view, wait)));
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(None);
        }
    }
}

fn is_meant(wait: &Wait, id: &str) -> bool {
    wait.kind == WaitKind::Approval
        && wait.state == WaitState::Open
        && short_id(&wait.wait_id) == id
}

fn gate(view: &FlowView, wait: &Wait) -> Gate {
    Gate { origin: Origin::of(view), flow: view.flow.flow_id.clone(), wait: wait.wait_id.clone() }
}
