//! The calls by name. One row each: the gateway's table of endpoints is made from the same.

use super::types::*;
use super::{Api, ApiError, Caller};
use clawflow_core::flow::Flow;
use clawflow_core::schedule::{Schedule, ScheduleRun};
use clawflow_core::task::Task;
use clawflow_core::token::Token;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;

/// One command or query.
pub trait Call: Send + Sync + 'static {
    /// Its stable name, `noun.verb`.
    const NAME: &'static str;
    /// What it is asked with.
    type Request: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static;
    /// What it answers.
    type Response: Serialize + DeserializeOwned + JsonSchema + Send + 'static;

    /// Carries it out here.
    fn run(
        api: &Api,
        request: Self::Request,
    ) -> impl Future<Output = Result<Self::Response, ApiError>> + Send;
}

/// Whoever carries out calls: this process ([`Api`]), or a gateway.
pub trait Calls: Clone + Send + Sync + 'static {
    /// Carries out a call.
    ///
    /// # Errors
    /// Those of the call; `unavailable` where a gateway cannot be reached.
    fn call<C: Call>(
        &self,
        request: C::Request,
    ) -> impl Future<Output = Result<C::Response, ApiError>> + Send;

    /// The same on behalf of this caller.
    #[must_use]
    fn on_behalf_of(&self, caller: Caller) -> Self;
}

impl Calls for Api {
    async fn call<C: Call>(&self, request: C::Request) -> Result<C::Response, ApiError> {
        C::run(self, request).await
    }

    fn on_behalf_of(&self, caller: Caller) -> Self {
        self.as_caller(caller)
    }
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
    /// Gives a flow another budget.
    FlowBudget "flow.budget" (FlowBudgetRequest) -> Flow = flow_budget;
    /// Makes a new flow from an ended one, with its recorded results.
    FlowRetry "flow.retry" (FlowRetryRequest) -> Flow = flow_retry;
    /// Makes a new flow from a step of another one, with its recorded results.
    FlowFork "flow.fork" (FlowForkRequest) -> Flow = flow_fork;
    /// Says why a flow stands where it stands.
    FlowWhy "flow.why" (FlowRef) -> FlowWhyResponse = flow_why;
    /// Lists the history of a flow, a task or all.
    FlowEvents "flow.events" (FlowEventsRequest) -> FlowEventsResponse = flow_events;
    /// Shows the workflow file that a flow was made from.
    FlowSource "flow.source" (FlowRef) -> FlowSourceResponse = flow_source;
    /// Deletes ended flows.
    FlowPurge "flow.purge" (FlowPurgeRequest) -> FlowPurgeResponse = flow_purge;
    /// Deletes ended tasks that belong to no flow.
    TaskPurge "task.purge" (TaskPurgeRequest) -> TaskPurgeResponse = task_purge;
    /// Lists tasks.
    TaskList "task.list" (TaskListRequest) -> TaskListResponse = task_list;
    /// Shows a task.
    TaskShow "task.show" (TaskRef) -> Task = task_show;
    /// Says why a task stands where it stands.
    TaskWhy "task.why" (TaskRef) -> TaskWhyResponse = task_why;
    /// Waits for the end of a task.
    TaskWait "task.wait" (TaskWaitRequest) -> Task = task_wait;
    /// Stops a task.
    TaskCancel "task.cancel" (TaskCancelRequest) -> Task = task_cancel;
    /// Reads a log of a task.
    TaskLogs "task.logs" (TaskLogsRequest) -> TaskLogsResponse = task_logs;
    /// Runs a command as a task of its own.
    TaskRun "task.run" (TaskRunRequest) -> Task = task_run;
    /// Runs the command of an ended task again.
    TaskRerun "task.rerun" (TaskRerunRequest) -> Task = task_rerun;
    /// Asks an agent for something, as a sub-agent of the session.
    AgentSpawn "agent.spawn" (AgentSpawnRequest) -> AgentSpawnResponse = agent_spawn;
    /// Makes a flow that code drives.
    FlowCreate "flow.create" (FlowCreateRequest) -> Flow = flow_create;
    /// Reads the record of a flow by its id or key.
    FlowGet "flow.get" (FlowRef) -> Flow = flow_get;
    /// Reads the newest flow of the bound owner.
    FlowFindLatest "flow.findLatest" (Nothing) -> FlowMaybe = flow_find_latest;
    /// Finds a flow of the bound owner by id, key or session key.
    FlowResolve "flow.resolve" (FlowResolveRequest) -> FlowMaybe = flow_resolve;
    /// Counts the tasks of a flow.
    FlowSummary "flow.summary" (FlowRef) -> TaskSummary = flow_summary;
    /// Launches or records a child of a flow.
    FlowRunTask "flow.runTask" (FlowRunTaskRequest) -> FlowRunTaskResponse = flow_run_task;
    /// Parks a flow until something happens.
    FlowSetWaiting "flow.setWaiting" (FlowSetWaitingRequest) -> FlowWaitingResponse
        = flow_set_waiting;
    /// Goes on with a parked flow.
    FlowResume "flow.resume" (FlowResumeRequest) -> Flow = flow_resume;
    /// Ends a flow well.
    FlowFinish "flow.finish" (FlowFinishRequest) -> Flow = flow_finish;
    /// Ends a flow badly.
    FlowFail "flow.fail" (FlowFailRequest) -> Flow = flow_fail;
    /// Records the intent to cancel a flow and lets its children be.
    FlowRequestCancel "flow.requestCancel" (FlowRequestCancelRequest) -> Flow
        = flow_request_cancel;
    /// Replaces an output of a flow.
    FlowSetOutput "flow.setOutput" (FlowSetOutputRequest) -> Flow = flow_set_output;
    /// Makes an output of a flow an array, or extends the array.
    FlowAppendOutput "flow.appendOutput" (FlowAppendOutputRequest) -> Flow = flow_append_output;
    /// Sends the owner of a flow one message.
    FlowEmit "flow.emit" (FlowEmitRequest) -> FlowEmitResponse = flow_emit;
    /// Tells the waiting flows that something has happened.
    SignalSend "signal.send" (SignalRequest) -> SignalResponse = signal_send;
    /// Reports progress or the end of a task.
    TaskReport "task.report" (TaskReportRequest) -> Task = task_report;
    /// Records a task that somebody else runs, or reports about it.
    TaskRecord "task.record" (TaskRecordRequest) -> Task = task_record;
    /// Changes what the owner is told about a task.
    TaskNotify "task.notify" (TaskNotifyRequest) -> Task = task_notify;
    /// Lists the messages of an inbox.
    InboxList "inbox.list" (InboxListRequest) -> DeliveryListResponse = inbox_list;
    /// Acknowledges messages.
    InboxAck "inbox.ack" (InboxAckRequest) -> InboxAckResponse = inbox_ack;
    /// Lists messages on all routes.
    DeliveryList "delivery.list" (DeliveryListRequest) -> DeliveryListResponse = delivery_list;
    /// Sends messages once more.
    DeliveryRedeliver "delivery.redeliver" (DeliveryRef) -> DeliveryListResponse
        = delivery_redeliver;
    /// Gives messages up.
    DeliveryDismiss "delivery.dismiss" (DeliveryRef) -> DeliveryListResponse = delivery_dismiss;
    /// Lists the queues, with who runs and who waits in them.
    QueueList "queue.list" (QueueListRequest) -> QueueListResponse = queue_list;
    /// Says what is wrong, and what mends it.
    AuditRun "audit.run" (AuditRequest) -> AuditResponse = audit;
    /// Looks after the ledger, or says what would be done.
    MaintenanceSweep "maintenance.sweep" (MaintenanceRequest) -> MaintenanceResponse
        = maintenance;
    /// Takes over rows of OpenClaw's ledger.
    ImportOpenclaw "import.openclaw" (ImportOpenclawRequest) -> ImportOpenclawResponse
        = import_openclaw;
    /// Makes a schedule.
    ScheduleAdd "schedule.add" (ScheduleAddRequest) -> Schedule = schedule_add;
    /// Lists schedules.
    ScheduleList "schedule.list" (ScheduleListRequest) -> ScheduleListResponse = schedule_list;
    /// Shows a schedule with its open runs.
    ScheduleShow "schedule.show" (ScheduleRef) -> ScheduleView = schedule_show;
    /// Changes a schedule.
    ScheduleEdit "schedule.edit" (ScheduleEditRequest) -> Schedule = schedule_edit;
    /// Lets a schedule fire again.
    ScheduleEnable "schedule.enable" (ScheduleRef) -> Schedule = schedule_enable;
    /// Lets a schedule fire no more.
    ScheduleDisable "schedule.disable" (ScheduleRef) -> Schedule = schedule_disable;
    /// Deletes a schedule with its history; what runs goes on.
    ScheduleRemove "schedule.remove" (ScheduleRef) -> Schedule = schedule_remove;
    /// Fires a schedule now.
    ScheduleRunNow "schedule.run" (ScheduleRef) -> ScheduleRun = schedule_run;
    /// Lists runs of schedules.
    ScheduleRuns "schedule.runs" (ScheduleRunsRequest) -> ScheduleRunsResponse = schedule_runs;
    /// Tells the slots of a schedule to come.
    ScheduleNext "schedule.next" (ScheduleNextRequest) -> ScheduleNextResponse = schedule_next;
    /// Says whether schedules fire.
    ScheduleStatus "schedule.status" (Nothing) -> ScheduleStatusResponse = schedule_status;
    /// Makes an access token.
    TokenCreate "token.create" (TokenCreateRequest) -> TokenCreateResponse = token_create;
    /// Lists access tokens.
    TokenList "token.list" (Nothing) -> TokenListResponse = token_list;
    /// Revokes an access token.
    TokenRevoke "token.revoke" (TokenRef) -> Token = token_revoke;
);
