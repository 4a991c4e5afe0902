//! Child flows, as the views of their parents show them.

use super::{Api, ApiError, FlowChild};
use clawflow_core::definition::limits::FLOW_DEPTH_MAX;
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::ids::FlowId;
use clawflow_core::wait::{Wait, WaitKind, WaitState};
use clawflow_store::query::FlowFilter;

/// Newest children that a view has.
const NEWEST_MAX: usize = 100;
/// Live children that a view has, and that are looked at below each other.
const LIVE_MAX: usize = 200;

impl Api {
    /// The children of a flow, oldest first: the newest ones, and what is live.
    pub(super) fn children(&self, flow_id: &FlowId) -> Result<Vec<FlowChild>, ApiError> {
        let newest = self.children_like(flow_id, Vec::new(), NEWEST_MAX)?;
        let mut all = if newest.len() < NEWEST_MAX { Vec::new() } else { self.live(flow_id)? };
        all.retain(|flow| !newest.iter().any(|other| other.flow_id == flow.flow_id));
        all.extend(newest);
        all.sort_by(|a, b| a.flow_id.cmp(&b.flow_id));
        let mut looked = 0;
        all.into_iter().map(|flow| self.child(flow, &mut looked)).collect()
    }

    /// The live children of a flow.
    pub(super) fn live(&self, flow_id: &FlowId) -> Result<Vec<Flow>, ApiError> {
        let live = FlowStatus::ALL.iter().copied().filter(|status| !status.is_terminal());
        self.children_like(flow_id, live.collect(), LIVE_MAX)
    }

    fn children_like(
        &self,
        flow_id: &FlowId,
        statuses: Vec<FlowStatus>,
        limit: usize,
    ) -> Result<Vec<Flow>, ApiError> {
        let parent_flow_id = Some(flow_id.clone());
        let owner_key = self.scope(None);
        let filter =
            FlowFilter { parent_flow_id, statuses, owner_key, limit, ..FlowFilter::default() };
        let rows = self.engine.store().list_flows(&filter)?;
        Ok(rows.into_iter().map(|row| row.flow).collect())
    }

    fn child(&self, flow: Flow, looked: &mut usize) -> Result<FlowChild, ApiError> {
        let mut asks = Vec::new();
        if !flow.is_terminal() {
            self.asks(&flow.flow_id, FLOW_DEPTH_MAX, looked, &mut asks)?;
        }
        Ok(FlowChild {
            flow_id: flow.flow_id,
            step_id: flow.parent_step_id,
            key: flow.key,
            status: flow.status,
            goal: flow.goal,
            error: flow.error,
            cancel_requested_at: flow.cancel_requested_at,
            asks,
            created_at: flow.created_at,
            ended_at: flow.ended_at,
        })
    }

    /// The open questions of a flow and of those below it, as long as few were looked at.
    fn asks(
        &self,
        flow_id: &FlowId,
        depth: usize,
        looked: &mut usize,
        asks: &mut Vec<Wait>,
    ) -> Result<(), ApiError> {
        *looked += 1;
        if depth == 0 || *looked > LIVE_MAX {
            return Ok(());
        }
        let mut waits = self.engine.store().waits(flow_id)?;
        waits.retain(|wait| wait.state == WaitState::Open);
        let below = waits.iter().any(|wait| wait.kind == WaitKind::Flow);
        waits.retain(|wait| {
            matches!(
                wait.kind,
                WaitKind::Approval | WaitKind::Permission | WaitKind::Input | WaitKind::InDoubt
            ) || wait.kind == WaitKind::Budget && wait.prompt.is_some()
        });
        asks.extend(waits);
        if below {
            for flow in self.live(flow_id)? {
                self.asks(&flow.flow_id, depth - 1, looked, asks)?;
            }
        }
        Ok(())
    }
}
