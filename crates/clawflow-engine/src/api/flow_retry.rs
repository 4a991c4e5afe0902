//! `flow.retry`: a new flow from an ended one. Nothing reopens the old one.

use super::{Api, ApiError, FlowRef};
use crate::held::{Decided, Held};
use clawflow_core::control;
use clawflow_core::drive::{Ctx, FilesOf, FlowState, NewFlow, Reuse};
use clawflow_core::flow::{Flow, FlowStatus, NewManaged};

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
        match self.engine.load(&flow.flow_id)? {
            Held::File(old) => self.start_flow(from_file(*old), None).await,
            Held::Code(_) => {
                let new = from_code(flow);
                let make = move |ctx: &mut Ctx<'_>| control::create(new, ctx).map(Decided::from);
                Ok(self.engine.create(self.actor(), make).await?.flow)
            }
        }
    }
}

/// The same file with the recorded results, under the same idempotency keys.
fn from_file(old: FlowState) -> NewFlow {
    let flow = old.flow;
    NewFlow {
        definition: old.definition,
        file: old.spec.file.clone(),
        args: old.spec.args.clone(),
        cwd: old.spec.cwd.clone(),
        env: old.spec.env.clone(),
        owner_key: flow.owner_key,
        requester_origin: flow.requester_origin,
        key: flow.key,
        auto_approve: old.spec.auto_approve,
        reuse: Some(Reuse {
            flow_id: flow.flow_id,
            key_root: old.spec.key_root.clone(),
            steps: old.steps,
            from: None,
            fork: false,
        }),
        path: old.spec.path.clone(),
        files: old.spec.files.clone().map(|hash| FilesOf { hash, source: None }),
        child_of: None,
    }
}

/// The same controller with the state that it had reached: it looks where it goes on.
fn from_code(old: Flow) -> NewManaged {
    NewManaged {
        owner_key: old.owner_key,
        controller_id: old.controller_id.unwrap_or_default(),
        goal: old.goal,
        key: old.key,
        status: Some(FlowStatus::Queued),
        requester_origin: old.requester_origin,
        notify_policy: Some(old.notify_policy),
        on_children_done: old.on_children_done,
        current_step: old.current_step,
        state_json: old.state_json,
        labels: old.labels,
        retry_of: Some(old.flow_id),
        ..NewManaged::default()
    }
}
