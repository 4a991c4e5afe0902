//! `flow.retry`: a new flow from an ended one. Nothing reopens the old one.

use super::once::Once;
use super::{Api, ApiError, FlowRetry, FlowRetryRequest};
use crate::held::{Decided, Held};
use clawflow_core::control;
use clawflow_core::drive::{Ctx, FilesOf, FlowState, NewFlow, Reuse};
use clawflow_core::flow::{Flow, FlowStatus, NewManaged, SyncMode};

impl Api {
    pub(super) async fn flow_retry(&self, request: FlowRetryRequest) -> Result<Flow, ApiError> {
        let flow = self.find_flow(&request.flow)?;
        let owner = flow.owner_key.clone();
        self.once::<FlowRetry, _>(&owner, &request, |once| {
            self.try_again(flow, request.from.clone(), once)
        })
        .await
    }

    async fn try_again(
        &self,
        flow: Flow,
        from: Option<String>,
        once: Option<Once>,
    ) -> Result<Flow, ApiError> {
        let refused = |flow: Flow, message: String, hint: &str| {
            let mut error = ApiError::new("invalid_state", message).hint(hint);
            error.current = Some(Box::new(flow));
            Err(error)
        };
        if flow.sync_mode != SyncMode::Managed {
            return Err(ApiError::new("not_managed", "the flow mirrors work that others drive")
                .hint("run that work again where it was started"));
        }
        if !flow.is_terminal() {
            let message = format!("the flow is {}: only an ended flow is retried", flow.status);
            return refused(flow, message, "clawflow flows cancel FLOW, or wait for its end");
        }
        if flow.status == FlowStatus::Succeeded {
            let hint = match flow.is_engine() {
                true => "clawflow flows fork FLOW --from STEP, or run its file again",
                false => "make a new flow",
            };
            return refused(flow, "the flow succeeded: nothing to retry".to_owned(), hint);
        }
        match self.engine.load(&flow.flow_id)? {
            Held::File(old) => self.start_flow(from_file(*old, from), once).await,
            Held::Code(_) | Held::Group(_) if from.is_some() => Err(no_steps()),
            Held::Code(_) | Held::Group(_) => {
                let new = from_code(flow);
                let make = move |ctx: &mut Ctx<'_>| {
                    let mut made = control::create(new, ctx)?;
                    let flow = &made.state.flow;
                    made.unit.outcomes.extend(once.map(|once| once.outcome(ctx.now, flow)));
                    Ok(Decided::from(made))
                };
                Ok(self.engine.create(self.actor(), make).await?.flow)
            }
        }
    }
}

/// The refusal of a step to begin with, of a flow that has none.
pub(super) fn no_steps() -> ApiError {
    let message = "code drives the flow: it has no steps to run from";
    ApiError::new("invalid", message).hint("clawflow flows retry FLOW begins with its state")
}

/// The same file with the recorded results, under the same idempotency keys.
fn from_file(old: FlowState, from: Option<String>) -> NewFlow {
    let key = old.flow.key.clone();
    NewFlow { key, ..beginning_with(old, from, false) }
}

/// The same file in the same place, with the recorded results; without a key of the caller's.
pub(super) fn beginning_with(old: FlowState, from: Option<String>, fork: bool) -> NewFlow {
    NewFlow {
        definition: old.definition.clone(),
        file: old.spec.file.clone(),
        args: old.spec.args.clone(),
        cwd: old.spec.cwd.clone(),
        env: old.spec.env.clone(),
        owner_key: old.flow.owner_key.clone(),
        requester_origin: old.flow.requester_origin.clone(),
        key: None,
        auto_approve: old.spec.auto_approve,
        path: old.spec.path.clone(),
        files: old.spec.files.clone().map(|hash| FilesOf { hash, source: None }),
        child_of: None,
        reuse: Some(Reuse { old, from, fork }),
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
