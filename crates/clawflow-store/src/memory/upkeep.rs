//! What audits ask. There is nothing to look after in memory.

use super::state::{MemoryStore, Rows};
use crate::error::StoreError;
use crate::store::Store;
use crate::upkeep::{OwnedWait, StoreSize, Upkeep};
use clawflow_core::audit::LiveFlow;
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::ids::{FlowId, WaitId};
use clawflow_core::step::StepStatus;
use clawflow_core::wait::{Wait, WaitKind, WaitState};

impl Rows {
    fn is_held(&self, flow: &Flow) -> bool {
        let id = &flow.flow_id;
        let child =
            |other: &Flow| other.parent_flow_id.as_ref() == Some(id) && other.ended_at.is_none();
        let mut steps = self.steps.get(id).into_iter().flat_map(|steps| steps.values());
        self.tasks_of(id).any(|task| task.ended_at.is_none())
            || self.waits_of(id).iter().any(|wait| wait.state == WaitState::Open)
            || steps.any(|step| step.status == StepStatus::Retrying)
            || self.flows.values().any(child)
    }

    fn owned(&self, wait: &Wait) -> Option<OwnedWait> {
        let flow = self.flows.get(&wait.flow_id).filter(|flow| flow.ended_at.is_none())?;
        Some(OwnedWait { wait: wait.clone(), owner_key: flow.owner_key.clone() })
    }
}

impl Upkeep for MemoryStore {
    fn live_flows(
        &self,
        status: FlowStatus,
        after: Option<&FlowId>,
        limit: usize,
    ) -> Result<Vec<LiveFlow>, StoreError> {
        let rows = self.rows();
        let live = rows.flows.values().filter(|flow| {
            flow.status == status
                && flow.ended_at.is_none()
                && after.is_none_or(|after| flow.flow_id > *after)
        });
        let held = |flow: &Flow| LiveFlow { flow: flow.clone(), held: rows.is_held(flow) };
        Ok(live.take(limit).map(held).collect())
    }

    fn open_waits(
        &self,
        kind: WaitKind,
        after: Option<&WaitId>,
        limit: usize,
    ) -> Result<Vec<OwnedWait>, StoreError> {
        let rows = self.rows();
        let open = rows.waits.values().filter(|wait| {
            wait.kind == kind
                && wait.state == WaitState::Open
                && after.is_none_or(|after| wait.wait_id > *after)
        });
        Ok(open.filter_map(|wait| rows.owned(wait)).take(limit).collect())
    }

    fn size(&self) -> Result<StoreSize, StoreError> {
        Ok(StoreSize::default())
    }

    fn checkpoint(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn vacuum(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn quick_check(&self) -> Result<Vec<String>, StoreError> {
        self.check()
    }
}
