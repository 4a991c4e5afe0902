//! The moves of a controller: `flow.resume`, `flow.finish`, `flow.fail`, `flow.requestCancel`,
//! `flow.setOutput` and `flow.appendOutput`.

use super::{
    Api, ApiError, FlowAppendOutputRequest, FlowFailRequest, FlowFinishRequest,
    FlowRequestCancelRequest, FlowResumeRequest, FlowSetOutputRequest,
};
use crate::held::{CodeLaw, OfCode};
use clawflow_core::control::{self, ControlState};
use clawflow_core::drive::Ctx;
use clawflow_core::error::{Code, Refusal};
use clawflow_core::flow::{self, Blocker, Field, Flow, FlowStatus, Patch};
use serde_json::Value;

impl Api {
    /// Decides about a flow that code drives.
    pub(super) async fn move_flow(&self, token: &str, law: impl CodeLaw) -> Result<Flow, ApiError> {
        let flow_id = self.find_flow_id(token)?;
        Ok(self.engine.decide(self.actor(), &flow_id, OfCode(law)).await?.flow)
    }

    pub(super) async fn flow_resume(&self, request: FlowResumeRequest) -> Result<Flow, ApiError> {
        let patch = patch(request.current_step, request.state_json, None);
        let (expected, status) = (request.expected_revision, request.status);
        self.move_flow(&request.flow, move |was: &ControlState, ctx: &mut Ctx<'_>| {
            let queued = match status {
                None | Some(FlowStatus::Running) => false,
                Some(FlowStatus::Queued) => true,
                Some(other) => {
                    flow::may_resume(&was.flow, expected)?;
                    let message = format!("a flow is resumed to running or queued, not to {other}");
                    return Err(Refusal::new(Code::Invalid, message));
                }
            };
            control::resume(was, ctx, expected, patch.clone(), queued)
        })
        .await
    }

    pub(super) async fn flow_finish(&self, request: FlowFinishRequest) -> Result<Flow, ApiError> {
        let patch = patch(request.current_step, request.state_json, None);
        let expected = request.expected_revision;
        self.move_flow(&request.flow, move |was: &ControlState, ctx: &mut Ctx<'_>| {
            control::finish(was, ctx, expected, patch.clone())
        })
        .await
    }

    pub(super) async fn flow_fail(&self, request: FlowFailRequest) -> Result<Flow, ApiError> {
        let patch = patch(request.current_step, request.state_json, None);
        let expected = request.expected_revision;
        let blocker =
            Blocker { task_id: request.blocked_task_id, summary: request.blocked_summary };
        let error = request.error;
        self.move_flow(&request.flow, move |was: &ControlState, ctx: &mut Ctx<'_>| {
            control::fail(was, ctx, expected, patch.clone(), error.as_deref(), blocker.clone())
        })
        .await
    }

    pub(super) async fn flow_request_cancel(
        &self,
        request: FlowRequestCancelRequest,
    ) -> Result<Flow, ApiError> {
        let patch = patch(request.current_step, request.state_json, request.wait_json);
        let (expected, reason) = (request.expected_revision, request.reason);
        self.move_flow(&request.flow, move |was: &ControlState, ctx: &mut Ctx<'_>| {
            control::request_cancel(was, ctx, expected, patch.clone(), &reason)
        })
        .await
    }

    pub(super) async fn flow_set_output(
        &self,
        request: FlowSetOutputRequest,
    ) -> Result<Flow, ApiError> {
        let FlowSetOutputRequest { flow, expected_revision, name, value } = request;
        self.move_flow(&flow, move |was: &ControlState, ctx: &mut Ctx<'_>| {
            control::set_output(was, ctx, expected_revision, &name, value.clone())
        })
        .await
    }

    pub(super) async fn flow_append_output(
        &self,
        request: FlowAppendOutputRequest,
    ) -> Result<Flow, ApiError> {
        let FlowAppendOutputRequest { flow, expected_revision, name, value } = request;
        self.move_flow(&flow, move |was: &ControlState, ctx: &mut Ctx<'_>| {
            control::append_output(was, ctx, expected_revision, &name, value.clone())
        })
        .await
    }
}

/// The controller's own fields of a command.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(super) fn patch(
    current_step: Option<Option<String>>,
    state_json: Option<Value>,
    wait_json: Option<Value>,
) -> Patch {
    let set = |value: Option<Value>| value.map_or(Field::Keep, Field::Set);
    Patch {
        current_step: match current_step {
            None => Field::Keep,
            Some(None) => Field::Clear,
            Some(Some(step)) => Field::Set(step),
        },
        state_json: set(state_json),
        wait_json: set(wait_json),
    }
}
