//! `flow.cancel`.

use super::{Api, ApiError, FlowCancelRequest};
use crate::held::OfEither;
use clawflow_core::control::{self, ControlState};
use clawflow_core::drive::{self, Ctx, FlowState};
use clawflow_core::flow::Flow;

impl Api {
    pub(super) async fn flow_cancel(&self, request: FlowCancelRequest) -> Result<Flow, ApiError> {
        let flow_id = self.find_flow_id(&request.flow)?;
        let FlowCancelRequest { expected_revision, reason, .. } = request;
        let same = reason.clone();
        let cancel = OfEither(
            move |state: &FlowState, ctx: &mut Ctx<'_>| {
                drive::cancel(state, ctx, expected_revision, &reason)
            },
            move |state: &ControlState, ctx: &mut Ctx<'_>| {
                control::cancel(state, ctx, expected_revision, &same)
            },
        );
        let flow = self.engine.decide(self.actor(), &flow_id, cancel).await?.flow;
        if flow.is_terminal() {
            return Ok(flow);
        }
        // Not before the intent is on disk, because adoption starts what has not started. Without
        // a driver nobody would carry out what the cancel leaves to do: stops and `finally`.
        self.engine.adopt(&flow_id)?;
        if request.wait_ms == 0 {
            return Ok(flow);
        }
        self.until_ended(&flow_id, request.wait_ms).await
    }
}
