//! `flow.cancel`.

use super::{Api, ApiError, FlowCancelRequest};
use crate::held::{Held, Of};
use clawflow_core::control;
use clawflow_core::drive::{self, Ctx};
use clawflow_core::flow::Flow;
use clawflow_core::group;

impl Api {
    pub(super) async fn flow_cancel(&self, request: FlowCancelRequest) -> Result<Flow, ApiError> {
        let flow_id = self.find_flow_id(&request.flow)?;
        let FlowCancelRequest { expected_revision, reason, .. } = request;
        let cancel = Of(move |held: &Held, ctx: &mut Ctx<'_>| {
            let revision = expected_revision;
            Ok(match held {
                Held::File(state) => drive::cancel(state, ctx, revision, &reason)?.into(),
                Held::Code(state) => control::cancel(state, ctx, revision, &reason)?.into(),
                Held::Group(state) => group::cancel(state, ctx, revision, &reason)?.into(),
            })
        });
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
