//! The calls by name. One row each: the gateway's table of endpoints is made from the same.

use super::types::*;
use super::{Api, ApiError};
use clawflow_core::flow::Flow;
use clawflow_core::task::Task;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;

/// One command or query.
pub trait Call: Send + Sync + 'static {
    /// Its stable name, `noun.verb`.
    const NAME: &'static str;
    /// What it is asked with.
    type Request: Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What it answers.
    type Response: Serialize + DeserializeOwned + Send + 'static;

    /// Carries it out here.
    fn run(
        api: &Api,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Response, ApiError>> + Send;
}

macro_rules! calls {
    ($(
        $(#[$meta:meta])*
        $name:ident $word:literal ($request:ty) -> $response:ty = $method:ident;
    )+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Call for $name {
            const NAME: &'static str = $word;
            type Request = $request;
            type Response = $response;

            async fn run(api: &Api, request: $request) -> Result<$response, ApiError> {
                api.$method(request).await
            }
        }
    )+};
}

calls!(
    /// Starts a flow from a workflow file.
    FlowRun "flow.run" (FlowRunRequest) -> Flow = flow_run;
    /// Lists flows.
    FlowList "flow.list" (FlowListRequest) -> FlowListResponse = flow_list;
    /// Shows a flow with steps, waits and tasks.
    FlowShow "flow.show" (FlowRef) -> FlowView = flow_show;
    /// Waits for news of a flow.
    FlowWait "flow.wait" (FlowWaitRequest) -> FlowWaitResponse = flow_wait;
    /// Drives a flow in this holder of the home, if it does not yet.
    FlowAdopt "flow.adopt" (FlowRef) -> Flow = flow_adopt;
    /// Cancels a flow.
    FlowCancel "flow.cancel" (FlowCancelRequest) -> Flow = flow_cancel;
    /// Answers an approval of a flow.
    FlowAnswer "flow.answer" (FlowAnswerRequest) -> FlowAnswerResponse = flow_answer;
    /// Settles a step whose outcome is in doubt.
    FlowSettle "flow.settle" (FlowSettleRequest) -> Flow = flow_settle;
    /// Holds back every start of a flow.
    FlowPause "flow.pause" (FlowPauseRequest) -> Flow = flow_pause;
    /// Allows starts again.
    FlowUnpause "flow.unpause" (FlowPauseRequest) -> Flow = flow_unpause;
    /// Makes a new flow from an ended one, with its recorded results.
    FlowRetry "flow.retry" (FlowRef) -> Flow = flow_retry;
    /// Says why a flow stands where it stands.
    FlowWhy "flow.why" (FlowRef) -> FlowWhyResponse = flow_why;
    /// Lists the history of a flow, a task or all.
    FlowEvents "flow.events" (FlowEventsRequest) -> FlowEventsResponse = flow_events;
    /// Shows the workflow file that a flow was made from.
    FlowSource "flow.source" (FlowRef) -> FlowSourceResponse = flow_source;
    /// Deletes ended flows.
    FlowPurge "flow.purge" (FlowPurgeRequest) -> FlowPurgeResponse = flow_purge;
    /// Lists tasks.
    TaskList "task.list" (TaskListRequest) -> TaskListResponse = task_list;
    /// Shows a task.
    TaskShow "task.show" (TaskRef) -> Task = task_show;
    /// Stops a task.
    TaskCancel "task.cancel" (TaskCancelRequest) -> Task = task_cancel;
    /// Reads a log of a task.
    TaskLogs "task.logs" (TaskLogsRequest) -> TaskLogsResponse = task_logs;
    /// Runs a command as a task of its own.
    TaskRun "task.run" (TaskRunRequest) -> Task = task_run;
);
