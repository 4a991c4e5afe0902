//! [`TaskFlow`]: the runtime of flows that code drives, bound to one session.

use super::{
    ApiError, Call, Caller, Calls, FlowAnswer, FlowAnswerRequest, FlowAnswerResponse, FlowCancel,
    FlowCancelRequest, FlowCreate, FlowCreateRequest, FlowFail, FlowFailRequest, FlowFindLatest,
    FlowFinish, FlowFinishRequest, FlowGet, FlowLine, FlowList, FlowListRequest, FlowPause,
    FlowPauseRequest, FlowRef, FlowRequestCancel, FlowRequestCancelRequest, FlowResolve,
    FlowResolveRequest, FlowResume, FlowResumeRequest, FlowRetry, FlowRetryRequest, FlowRunTask,
    FlowRunTaskRequest, FlowRunTaskResponse, FlowSetWaiting, FlowSetWaitingRequest, FlowSummary,
    FlowUnpause, FlowWaitingResponse, Nothing, Session, SignalRequest, SignalResponse, SignalSend,
    TaskReport, TaskReportRequest, TaskSummary, ToolContext, error,
};
use crate::clock::jitter;
use clawflow_core::flow::{Flow, Origin};
use clawflow_core::task::Task;
use std::future::Future;
use std::time::Duration;

/// Longest pause before a change is made again on the newest revision; doubled up to the other.
const PAUSE: Duration = Duration::from_millis(1);
const PAUSE_MAX: Duration = Duration::from_millis(16);

/// TaskFlow's runtime for one session: the methods and names of the original, over any [`Calls`].
/// It sees and changes the records of its session key only.
///
/// The methods of TaskFlow name the revision that they were decided on, and are refused with
/// `revision_conflict` if the flow has changed since. Those of ClawFlow ([`TaskFlow::resume_flow`]
/// …) take none and are decided on the newest.
///
/// ```no_run
/// # // It would start a process.
/// use clawflow_engine::api::{
///     Api, FlowCreateRequest, FlowFinishRequest, FlowRunTaskRequest, Session, TaskFlow,
/// };
/// # async fn example(api: Api) -> Result<(), Box<dyn std::error::Error>> {
/// let session = Session { session_key: "agent:main:main".into(), requester_origin: None };
/// let flows = TaskFlow::bind_session(&api, session)?;
/// let flow = flows
///     .create_managed(FlowCreateRequest {
///         controller_id: "my-plugin/inbox-triage".into(),
///         goal: "triage inbox".into(),
///         ..FlowCreateRequest::default()
///     })
///     .await?;
/// let task = FlowRunTaskRequest::launch(&flow.flow_id.0, "Classify", ["./classify"]);
/// let child = flows.run_task(task).await?;
/// assert!(child.created, "{:?}", child.reason);
/// flows
///     .finish(FlowFinishRequest {
///         flow: flow.flow_id.0.clone(),
///         expected_revision: Some(flow.revision),
///         ..FlowFinishRequest::default()
///     })
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TaskFlow<T> {
    calls: T,
    session: Session,
}

impl<T> std::fmt::Debug for TaskFlow<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TaskFlow").field("session", &self.session).finish_non_exhaustive()
    }
}

impl<T: Calls> TaskFlow<T> {
    /// A handle for the records of a session.
    ///
    /// # Errors
    /// `invalid` for a blank session key.
    pub fn bind_session(calls: &T, session: Session) -> Result<Self, ApiError> {
        Ok(Self::of(calls, session.caller()?))
    }

    /// As [`TaskFlow::bind_session`], from what a tool is told about its session.
    ///
    /// # Errors
    /// `invalid` for a context without a session key.
    pub fn from_tool_context(calls: &T, context: ToolContext) -> Result<Self, ApiError> {
        Ok(Self::of(calls, context.caller()?))
    }

    fn of(calls: &T, caller: Caller) -> Self {
        let session = Session {
            session_key: caller.owner.clone().unwrap_or_default(),
            requester_origin: caller.origin.clone(),
        };
        Self { calls: calls.on_behalf_of(caller), session }
    }

    /// The session key that it is bound to.
    #[must_use]
    pub fn session_key(&self) -> &str {
        &self.session.session_key
    }

    /// Where its requests come from.
    #[must_use]
    pub fn requester_origin(&self) -> Option<&Origin> {
        self.session.requester_origin.as_ref()
    }

    /// The calls on behalf of the session, for those that have no method here.
    #[must_use]
    pub fn calls(&self) -> &T {
        &self.calls
    }

    pub(super) async fn call<C: Call>(&self, request: C::Request) -> Result<C::Response, ApiError> {
        self.calls.call::<C>(request).await
    }

    /// Makes a flow at revision 0.
    ///
    /// # Errors
    /// `invalid`; `key_conflict` if a live flow has the key.
    pub async fn create_managed(&self, request: FlowCreateRequest) -> Result<Flow, ApiError> {
        self.call::<FlowCreate>(request).await
    }

    /// As [`TaskFlow::create_managed`]; `None` if the store could not persist the flow.
    ///
    /// # Errors
    /// The others.
    pub async fn try_create_managed(
        &self,
        request: FlowCreateRequest,
    ) -> Result<Option<Flow>, ApiError> {
        match self.create_managed(request).await {
            Err(error) if error::is_persistence(&error) => Ok(None),
            made => made.map(Some),
        }
    }

    /// The flow with this id or key.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn get(&self, flow: &str) -> Result<Option<Flow>, ApiError> {
        found(self.call::<FlowGet>(named(flow)).await)
    }

    /// All flows of the session, newest first.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn list(&self) -> Result<Vec<Flow>, ApiError> {
        let mut flows = Vec::new();
        let mut after = None;
        loop {
            let request =
                FlowListRequest { all: true, limit: Some(1000), after, ..Default::default() };
            let page = self.call::<FlowList>(request).await?;
            flows.extend(page.flows.into_iter().map(|line: FlowLine| line.flow));
            after = page.next;
            if after.is_none() {
                return Ok(flows);
            }
        }
    }

    /// The newest flow of the session, ended or not.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn find_latest(&self) -> Result<Option<Flow>, ApiError> {
        Ok(self.call::<FlowFindLatest>(Nothing::default()).await?.flow)
    }

    /// The flow with this id or key; for the own session key its newest live flow, else its newest.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn resolve(&self, token: &str) -> Result<Option<Flow>, ApiError> {
        let token = token.to_owned();
        Ok(self.call::<FlowResolve>(FlowResolveRequest { token }).await?.flow)
    }

    /// The children of a flow in numbers.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn get_task_summary(&self, flow: &str) -> Result<Option<TaskSummary>, ApiError> {
        found(self.call::<FlowSummary>(named(flow)).await)
    }

    /// Launches or records a child. That there is none is an answer, not an error.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn run_task(
        &self,
        request: FlowRunTaskRequest,
    ) -> Result<FlowRunTaskResponse, ApiError> {
        self.call::<FlowRunTask>(request).await
    }

    /// Reports progress or the end of a child that its caller runs.
    ///
    /// # Errors
    /// `not_found`; `invalid_state` for a task that the engine runs or that has ended.
    pub async fn update_task(&self, request: TaskReportRequest) -> Result<Task, ApiError> {
        self.call::<TaskReport>(request).await
    }

    /// Parks the flow.
    ///
    /// # Errors
    /// The refusals of the law; `invalid` without a revision.
    pub async fn set_waiting(
        &self,
        request: FlowSetWaitingRequest,
    ) -> Result<FlowWaitingResponse, ApiError> {
        decided(request.expected_revision)?;
        self.call::<FlowSetWaiting>(request).await
    }

    /// Goes on with the flow.
    ///
    /// # Errors
    /// As [`TaskFlow::set_waiting`].
    pub async fn resume(&self, request: FlowResumeRequest) -> Result<Flow, ApiError> {
        decided(request.expected_revision)?;
        self.call::<FlowResume>(request).await
    }

    /// Ends the flow well.
    ///
    /// # Errors
    /// As [`TaskFlow::set_waiting`].
    pub async fn finish(&self, request: FlowFinishRequest) -> Result<Flow, ApiError> {
        decided(request.expected_revision)?;
        self.call::<FlowFinish>(request).await
    }

    /// Ends the flow badly.
    ///
    /// # Errors
    /// As [`TaskFlow::set_waiting`].
    pub async fn fail(&self, request: FlowFailRequest) -> Result<Flow, ApiError> {
        decided(request.expected_revision)?;
        self.call::<FlowFail>(request).await
    }

    /// Records the intent to cancel, and lets the children be.
    ///
    /// # Errors
    /// As [`TaskFlow::set_waiting`].
    pub async fn request_cancel(
        &self,
        request: FlowRequestCancelRequest,
    ) -> Result<Flow, ApiError> {
        decided(request.expected_revision)?;
        self.call::<FlowRequestCancel>(request).await
    }

    /// Cancels the flow and its children.
    ///
    /// # Errors
    /// The refusals of the law.
    pub async fn cancel(&self, request: FlowCancelRequest) -> Result<Flow, ApiError> {
        self.call::<FlowCancel>(request).await
    }

    /// Answers what the flow asks people.
    ///
    /// # Errors
    /// The refusals of the law.
    pub async fn answer(&self, request: FlowAnswerRequest) -> Result<FlowAnswerResponse, ApiError> {
        self.call::<FlowAnswer>(request).await
    }

    /// Tells the waiting flows of the session that something has happened.
    ///
    /// # Errors
    /// `invalid` for a blank name or a payload that is too large.
    pub async fn signal(&self, request: SignalRequest) -> Result<SignalResponse, ApiError> {
        self.call::<SignalSend>(request).await
    }

    /// Holds back every start of a child.
    ///
    /// # Errors
    /// The refusals of the law.
    pub async fn pause(&self, request: FlowPauseRequest) -> Result<Flow, ApiError> {
        self.call::<FlowPause>(request).await
    }

    /// Allows starts again.
    ///
    /// # Errors
    /// The refusals of the law.
    pub async fn unpause(&self, request: FlowPauseRequest) -> Result<Flow, ApiError> {
        self.call::<FlowUnpause>(request).await
    }

    /// Makes a new flow from one that has ended badly, with the state that it had reached.
    ///
    /// # Errors
    /// `invalid_state` for a flow that is open or has succeeded.
    pub async fn retry(&self, flow: &str) -> Result<Flow, ApiError> {
        let request = FlowRetryRequest { flow: flow.to_owned(), ..FlowRetryRequest::default() };
        self.call::<FlowRetry>(request).await
    }

    /// Reads a flow and changes it, again on the newest revision for as long as somebody else is
    /// faster. `change` must name the revision that it is given.
    ///
    /// # Errors
    /// `not_found`; those of `change`.
    pub async fn retrying<R, F>(
        &self,
        flow: &str,
        mut change: impl FnMut(Flow) -> F,
    ) -> Result<R, ApiError>
    where
        F: Future<Output = Result<R, ApiError>>,
    {
        let mut pause = PAUSE;
        loop {
            let now = self.call::<FlowGet>(named(flow)).await?;
            match change(now).await {
                // Each conflict means that somebody else got further, so this ends when they do.
                Err(error) if error.code == "revision_conflict" => {
                    tokio::time::sleep(pause.mul_f64(jitter())).await;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
                done => return done,
            }
        }
    }
}

fn named(flow: &str) -> FlowRef {
    FlowRef { flow: flow.to_owned() }
}

fn found<R>(answer: Result<R, ApiError>) -> Result<Option<R>, ApiError> {
    match answer {
        Err(error) if error.code == "not_found" => Ok(None),
        answer => answer.map(Some),
    }
}

/// Refuses a decision that does not say what it was made on.
fn decided(expected_revision: Option<u64>) -> Result<(), ApiError> {
    match expected_revision {
        Some(_) => Ok(()),
        None => Err(ApiError::new("invalid", "expectedRevision is missing")),
    }
}
