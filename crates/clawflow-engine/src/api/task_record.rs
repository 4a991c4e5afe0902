//! `task.record`: a task that somebody else runs, told of when it begins or long after.

use super::error::is_persistence;
use super::{Api, ApiError, ProcessId, TaskRecordRequest};
use crate::held::OfCode;
use clawflow_core::control::{self, ControlState, NewChild};
use clawflow_core::drive::Ctx;
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::task::recorded::{self, NewRecorded};
use clawflow_core::task::{Executor, Task, TaskReport, TaskStatus};

impl Api {
    pub(super) async fn task_record(&self, request: TaskRecordRequest) -> Result<Task, ApiError> {
        if let Some(id) = &request.task_id {
            check_id(id)?;
        }
        let owner = Some(request.owner.clone()).filter(|owner| !owner.trim().is_empty());
        let owner_key = self.owner_of_new(owner)?.unwrap_or_default();
        // One at a time for an owner: two reports of one new task must not make two.
        let _turn = self.engine.signals(&owner_key).await;
        let report = report_of(&request);
        if let Some(task) = self.known(&request, &owner_key)? {
            return self.take_report(task, report).await;
        }
        let (task, refused) = match self.flow_for(&request)? {
            Parent::None => (None, None),
            Parent::Refused(why) => (None, Some(why)),
            Parent::Flow(flow_id) => match self.add_recorded(&flow_id, &request).await {
                Ok(task) => (Some(task), None),
                Err(error) if request.or_alone && !is_persistence(&error) => {
                    (None, Some(error.message))
                }
                Err(error) => return Err(error),
            },
        };
        let task = match task {
            Some(task) if needs_report(&report) => self.take_report(task, report).await?,
            Some(task) => task,
            None => self.record_alone(owner_key, request, report, refused).await?,
        };
        self.engine.follow_reporter(&task);
        Ok(task)
    }

    /// The task that the request is about, if it was told of before.
    fn known(
        &self,
        request: &TaskRecordRequest,
        owner_key: &str,
    ) -> Result<Option<Task>, ApiError> {
        let Some(id) = &request.task_id else { return Ok(None) };
        let Some(task) = self.engine.store().task(id)? else { return Ok(None) };
        let other = !owner_key.is_empty() && task.owner_key != owner_key;
        if other || !self.sees(&task.owner_key) {
            return Err(ApiError::new("key_conflict", "there is another task with this id"));
        }
        Ok(Some(Task::clone(&task)))
    }

    fn flow_for(&self, request: &TaskRecordRequest) -> Result<Parent, ApiError> {
        let Some(token) = &request.flow else { return Ok(Parent::None) };
        match self.find_flow_id(token) {
            Ok(flow_id) => Ok(Parent::Flow(flow_id)),
            Err(error) if request.or_alone && !is_persistence(&error) => {
                Ok(Parent::Refused(error.message))
            }
            Err(error) => Err(error),
        }
    }

    async fn add_recorded(
        &self,
        flow_id: &FlowId,
        request: &TaskRecordRequest,
    ) -> Result<Task, ApiError> {
        let new = NewChild {
            task_id: request.task_id.clone(),
            kind: request.kind.clone(),
            executor: request.process.clone().map(executor),
            status: Some(TaskStatus::Running).filter(|_| !is_queued(request)),
            run_id: request.run_id.clone(),
            source_id: request.source_id.clone(),
            label: request.label.clone(),
            notify_policy: request.notify_policy,
            started_at: request.started_at.or(request.ended_at),
            last_event_at: request.last_event_at.or(request.ended_at),
            ..NewChild::new(request.runtime, request.task.clone())
        };
        let add = OfCode(move |state: &ControlState, ctx: &mut Ctx<'_>| {
            control::run_task(state, ctx, new.clone(), None)
        });
        let done = self.engine.decide(self.actor(), flow_id, add).await?;
        match done.task {
            Some(task) => Ok(Task::clone(&task)),
            None => Err(ApiError::new("internal", "the flow took no child")),
        }
    }

    async fn record_alone(
        &self,
        owner_key: String,
        request: TaskRecordRequest,
        report: TaskReport,
        unlinked: Option<String>,
    ) -> Result<Task, ApiError> {
        let new = NewRecorded {
            task_id: request.task_id,
            owner_key,
            runtime: request.runtime,
            kind: request.kind,
            source_id: request.source_id,
            run_id: request.run_id,
            label: request.label,
            task: request.task,
            executor: request.process.map(executor),
            requester_origin: self.caller().origin.clone(),
            notify_policy: request.notify_policy,
            unlinked,
        };
        let make = move |ctx: &mut Ctx<'_>| recorded::record(new, &report, ctx);
        Ok(self.engine.create_task(self.actor(), make).await?)
    }
}

/// What the request says of the flow that it belongs to.
enum Parent {
    None,
    Flow(FlowId),
    Refused(String),
}

fn is_queued(request: &TaskRecordRequest) -> bool {
    request.status == Some(TaskStatus::Queued)
}

/// Whether a report says more than what the new row has already.
fn needs_report(report: &TaskReport) -> bool {
    let ends = report.status.is_some_and(TaskStatus::is_terminal);
    ends || report.progress_summary.is_some() || report.usage.is_some()
}

fn report_of(request: &TaskRecordRequest) -> TaskReport {
    TaskReport {
        status: request.status,
        progress_summary: request.progress_summary.clone(),
        terminal_summary: request.terminal_summary.clone(),
        terminal_outcome: request.terminal_outcome,
        error: request.error.clone(),
        started_at: request.started_at,
        last_event_at: request.last_event_at,
        ended_at: request.ended_at,
        exit: request.exit.clone(),
        usage: request.usage.clone(),
    }
}

fn executor(process: ProcessId) -> Executor {
    Executor {
        gateway: process.place,
        epoch: 0,
        boot_id: process.boot_id,
        pid: Some(process.pid),
        start_time: Some(process.start_time),
    }
}

/// An id comes from outside here: it must look like one that this program makes.
fn check_id(id: &TaskId) -> Result<(), ApiError> {
    let digits = id.0.strip_prefix(TaskId::PREFIX).unwrap_or_default();
    let fits = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'z') && !b"ilou".contains(&byte);
    if digits.len() == 26 && digits.bytes().all(fits) && digits.as_bytes()[0] < b'8' {
        return Ok(());
    }
    let message = format!("`{}` is not an id of a task", clawflow_core::limits::cut(&id.0, 80));
    Err(ApiError::new("invalid", message).hint("`task_` and 26 characters, as `tasks list` shows"))
}
