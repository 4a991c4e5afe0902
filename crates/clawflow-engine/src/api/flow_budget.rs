//! `flow.budget`: what a flow may use.

use super::flow_run_task::unreadable;
use super::{Api, ApiError, FlowBudgetRequest};
use crate::held::{Held, OfEither};
use clawflow_core::budget::Budget;
use clawflow_core::control::{self, ControlState};
use clawflow_core::drive::{self, Ctx, FlowState};
use clawflow_core::flow::Flow;
use clawflow_core::task::Usage;
use clawflow_store::query::FlowBundle;

impl Api {
    pub(super) async fn flow_budget(&self, request: FlowBudgetRequest) -> Result<Flow, ApiError> {
        let flow_id = self.find_flow_id(&request.flow)?;
        let FlowBudgetRequest { expected_revision, budget, replace, by, .. } = request;
        let (same, engine) = (by.clone(), self.engine.clone());
        let set = OfEither(
            move |state: &FlowState, ctx: &mut Ctx<'_>| {
                let budget = over(budget, &state.flow, replace);
                drive::set_budget(state, ctx, expected_revision, budget, &by)
            },
            move |state: &ControlState, ctx: &mut Ctx<'_>| {
                let budget = over(budget, &state.flow, replace);
                let ended = engine.count_ended(&state.flow.flow_id).map_err(unreadable)?;
                control::set_budget(state, ctx, expected_revision, budget, &same, ended)
            },
        );
        Ok(self.engine.decide(self.actor(), &flow_id, set).await?.flow)
    }

    /// What the flow has used, as far as that is counted: for a flow that code drives and that has
    /// no budget, its children at work and those that have ended are added up here.
    pub(super) fn used(&self, bundle: FlowBundle) -> Result<Option<Usage>, ApiError> {
        match self.engine.held(bundle)? {
            Held::File(state) => Ok(drive::used(&state)),
            Held::Code(state) => Ok(state.used()),
            Held::Group(_) => Ok(None),
        }
    }
}

/// The new budget, over what the flow has.
fn over(budget: Budget, flow: &Flow, replace: bool) -> Budget {
    match flow.budget {
        Some(was) if !replace => budget.or(was),
        _ => budget,
    }
}
