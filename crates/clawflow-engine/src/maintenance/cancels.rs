//! Flows whose cancel was requested, of which nothing is left, and that have not ended.

use crate::api::{Api, ApiError, MaintenanceAction};
use crate::clock::now;
use crate::held::OfEither;
use clawflow_core::audit::{self, AuditCode, Finding};
use clawflow_core::control::{self, ControlState};
use clawflow_core::drive::{self, Ctx, FlowState};
use clawflow_core::flow::FlowStatus;
use clawflow_core::ids::FlowId;

/// Flows of one page.
const PAGE: usize = 500;
/// What their history says.
const REASON: &str = "nothing of it was left to stop";

impl Api {
    /// Decides about them once more: the law ends a flow that is to be cancelled once nothing of
    /// it is active.
    pub(super) async fn finalise_cancels(
        &self,
        apply: bool,
    ) -> Result<Vec<MaintenanceAction>, ApiError> {
        let mut actions = Vec::new();
        for flow_id in self.stuck_cancels()? {
            let (id, kind) = (flow_id.0.clone(), "finalise_cancel".to_owned());
            if !apply {
                let text = "nothing of it is left: its cancel comes to its end".to_owned();
                actions.push(MaintenanceAction { kind, id, text, done: false });
                continue;
            }
            let again = OfEither(
                |state: &FlowState, ctx: &mut Ctx<'_>| drive::cancel(state, ctx, None, REASON),
                |state: &ControlState, ctx: &mut Ctx<'_>| control::cancel(state, ctx, None, REASON),
            );
            let (text, done) = match self.engine.decide(None, &flow_id, again).await {
                Ok(held) => (format!("it is {}", held.flow.status), held.flow.is_terminal()),
                Err(error) => (error.to_string(), false),
            };
            actions.push(MaintenanceAction { kind, id, text, done });
        }
        Ok(actions)
    }

    fn stuck_cancels(&self) -> Result<Vec<FlowId>, ApiError> {
        let (upkeep, now) = (self.engine.store().upkeep(), now());
        let stuck = |found: &Finding| found.code == AuditCode::CancelStuck;
        let mut all = Vec::new();
        for status in FlowStatus::ALL.iter().copied().filter(|status| !status.is_terminal()) {
            let mut after: Option<FlowId> = None;
            loop {
                let page = upkeep.live_flows(status, after.as_ref(), PAGE)?;
                let found = page.iter().filter(|live| {
                    live.flow.cancel_requested_at.is_some()
                        && audit::flow(live, true, true, now).iter().any(stuck)
                });
                all.extend(found.map(|live| live.flow.flow_id.clone()));
                after = page.last().map(|live| live.flow.flow_id.clone());
                if page.len() < PAGE {
                    break;
                }
            }
        }
        Ok(all)
    }
}
