//! ClawFlow's names over the same commands, decided on the newest revision.

use super::{
    ApiError, Calls, FlowAppendOutput, FlowAppendOutputRequest, FlowCreateRequest, FlowEmit,
    FlowEmitRequest, FlowEmitResponse, FlowFail, FlowFailRequest, FlowFinish, FlowFinishRequest,
    FlowResume, FlowResumeRequest, FlowRunTaskRequest, FlowRunTaskResponse, FlowSetOutput,
    FlowSetOutputRequest, FlowSetWaiting, FlowSetWaitingRequest, FlowWaitingResponse, TaskFlow,
};
use clawflow_core::flow::Flow;

/// ClawFlow's names: the same commands, decided on the newest revision.
impl<T: Calls> TaskFlow<T> {
    /// As [`TaskFlow::create_managed`].
    ///
    /// # Errors
    /// Its.
    pub async fn create_flow(&self, request: FlowCreateRequest) -> Result<Flow, ApiError> {
        self.create_managed(request).await
    }

    /// As [`TaskFlow::run_task`]; the flow waits for the child from then on.
    ///
    /// # Errors
    /// Its.
    pub async fn run_task_in_flow(
        &self,
        request: FlowRunTaskRequest,
    ) -> Result<FlowRunTaskResponse, ApiError> {
        self.run_task(FlowRunTaskRequest { wait: true, ..request }).await
    }

    /// As [`TaskFlow::set_waiting`], on the newest revision.
    ///
    /// # Errors
    /// The refusals of the law.
    pub async fn set_flow_waiting(
        &self,
        request: FlowSetWaitingRequest,
    ) -> Result<FlowWaitingResponse, ApiError> {
        let request = FlowSetWaitingRequest { expected_revision: None, ..request };
        self.call::<FlowSetWaiting>(request).await
    }

    /// Replaces an output.
    ///
    /// # Errors
    /// The refusals of the law.
    pub async fn set_flow_output(&self, request: FlowSetOutputRequest) -> Result<Flow, ApiError> {
        self.call::<FlowSetOutput>(request).await
    }

    /// Makes an output an array, or extends the array.
    ///
    /// # Errors
    /// The refusals of the law; `invalid` if it is something else than an array.
    pub async fn append_flow_output(
        &self,
        request: FlowAppendOutputRequest,
    ) -> Result<Flow, ApiError> {
        self.call::<FlowAppendOutput>(request).await
    }

    /// Sends the owner one message.
    ///
    /// # Errors
    /// The refusals of the law.
    pub async fn emit_flow_update(
        &self,
        request: FlowEmitRequest,
    ) -> Result<FlowEmitResponse, ApiError> {
        self.call::<FlowEmit>(request).await
    }

    /// As [`TaskFlow::resume`], on the newest revision.
    ///
    /// # Errors
    /// The refusals of the law.
    pub async fn resume_flow(&self, request: FlowResumeRequest) -> Result<Flow, ApiError> {
        self.call::<FlowResume>(FlowResumeRequest { expected_revision: None, ..request }).await
    }

    /// As [`TaskFlow::finish`], on the newest revision.
    ///
    /// # Errors
    /// The refusals of the law.
    pub async fn finish_flow(&self, request: FlowFinishRequest) -> Result<Flow, ApiError> {
        self.call::<FlowFinish>(FlowFinishRequest { expected_revision: None, ..request }).await
    }

    /// As [`TaskFlow::fail`], on the newest revision.
    ///
    /// # Errors
    /// The refusals of the law.
    pub async fn fail_flow(&self, request: FlowFailRequest) -> Result<Flow, ApiError> {
        self.call::<FlowFail>(FlowFailRequest { expected_revision: None, ..request }).await
    }
}
