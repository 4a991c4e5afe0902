//! `flow.retry`: a new flow from an ended one. Nothing reopens the old one.

use super::{Api, ApiError, FlowRef};
use clawflow_core::drive::{NewFlow, Reuse};
use clawflow_core::flow::{Flow, FlowStatus};

impl Api {
    pub(super) async fn flow_retry(&self, request: FlowRef) -> Result<Flow, ApiError> {
        let flow = self.find_flow(&request.flow)?;
        if !flow.is_terminal() {
            let message = format!("the flow is {}: only an ended flow is retried", flow.status);
            let mut error = ApiError::new("invalid_state", message);
            error.current = Some(Box::new(flow));
            return Err(error.hint("clawflow flows cancel FLOW, or wait for its end"));
        }
        if flow.status == FlowStatus::Succeeded {
            let mut error = ApiError::new("invalid_state", "the flow succeeded: nothing to retry");
            error.current = Some(Box::new(flow));
            return Err(error.hint("run its file again for a new flow"));
        }
        let old = self.engine.load(&flow.flow_id)?;
        let new = NewFlow {
            requester_origin: None,
            definition: old.definition,
            file: old.spec.file.clone(),
            args: old.spec.args.clone(),
            cwd: old.spec.cwd.clone(),
            env: old.spec.env.clone(),
            owner_key: flow.owner_key,
            key: flow.key,
            auto_approve: old.spec.auto_approve,
            reuse: Some(Reuse {
                flow_id: flow.flow_id,
                key_root: old.spec.key_root.clone(),
                steps: old.steps,
            }),
        };
        Ok(self.engine.create(new).await?)
    }
}
