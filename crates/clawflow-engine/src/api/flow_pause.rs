//! `flow.pause` and `flow.unpause`.

use super::{Api, ApiError, FlowPauseRequest};
use clawflow_core::drive::{self, Ctx, FlowState};
use clawflow_core::flow::Flow;

impl Api {
    pub(super) async fn flow_pause(&self, request: FlowPauseRequest) -> Result<Flow, ApiError> {
        let flow_id = self.find_flow_id(&request.flow)?;
        let FlowPauseRequest { expected_revision, reason, .. } = request;
        let pause = move |state: &FlowState, ctx: &mut Ctx<'_>| {
            drive::pause(state, ctx, expected_revision, &reason)
        };
        Ok(self.engine.decide(&flow_id, pause).await?)
    }

    pub(super) async fn flow_unpause(&self, request: FlowPauseRequest) -> Result<Flow, ApiError> {
        let flow_id = self.find_flow_id(&request.flow)?;
        let expected_revision = request.expected_revision;
        let unpause = move |state: &FlowState, ctx: &mut Ctx<'_>| {
            drive::unpause(state, ctx, expected_revision)
        };
        Ok(self.engine.decide(&flow_id, unpause).await?)
    }
}
