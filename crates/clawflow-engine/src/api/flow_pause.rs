//! `flow.pause` and `flow.unpause`.

use super::{Api, ApiError, FlowPauseRequest};
use crate::held::OfEither;
use clawflow_core::control::{self, ControlState};
use clawflow_core::drive::{self, Ctx, FlowState};
use clawflow_core::flow::Flow;

impl Api {
    pub(super) async fn flow_pause(&self, request: FlowPauseRequest) -> Result<Flow, ApiError> {
        let flow_id = self.find_flow_id(&request.flow)?;
        let FlowPauseRequest { expected_revision, reason, .. } = request;
        let same = reason.clone();
        let pause = OfEither(
            move |state: &FlowState, ctx: &mut Ctx<'_>| {
                drive::pause(state, ctx, expected_revision, &reason)
            },
            move |state: &ControlState, ctx: &mut Ctx<'_>| {
                control::pause(state, ctx, expected_revision, &same)
            },
        );
        Ok(self.engine.decide(self.actor(), &flow_id, pause).await?.flow)
    }

    pub(super) async fn flow_unpause(&self, request: FlowPauseRequest) -> Result<Flow, ApiError> {
        let flow_id = self.find_flow_id(&request.flow)?;
        let expected_revision = request.expected_revision;
        let unpause = OfEither(
            move |state: &FlowState, ctx: &mut Ctx<'_>| {
                drive::unpause(state, ctx, expected_revision)
            },
            move |state: &ControlState, ctx: &mut Ctx<'_>| {
                control::unpause(state, ctx, expected_revision)
            },
        );
        Ok(self.engine.decide(self.actor(), &flow_id, unpause).await?.flow)
    }
}
