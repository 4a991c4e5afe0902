//! `task.report` and `task.notify`: what a caller says of a task.

use super::{Api, ApiError, TaskNotifyRequest, TaskReportRequest};
use crate::error::EngineError;
use crate::held::{OfCode, OfEither};
use clawflow_core::control::{self, ControlState};
use clawflow_core::drive::{self, Ctx, FlowState};
use clawflow_core::task::{Task, TaskReport, recorded, solo};
use std::sync::Arc;

impl Api {
    pub(super) async fn task_report(&self, request: TaskReportRequest) -> Result<Task, ApiError> {
        let task = self.find_task(&request.task)?;
        let report = TaskReport {
            status: request.status,
            progress_summary: request.progress_summary,
            terminal_summary: request.terminal_summary,
            terminal_outcome: request.terminal_outcome,
            error: request.error,
            started_at: request.started_at,
            last_event_at: request.last_event_at,
            ended_at: request.ended_at,
            exit: request.exit,
            usage: request.usage,
        };
        self.take_report(task, report).await
    }

    /// Takes over a report about this task, whether it belongs to a flow or not.
    pub(super) async fn take_report(
        &self,
        task: Task,
        report: TaskReport,
    ) -> Result<Task, ApiError> {
        let task_id = task.task_id.clone();
        let Some(flow_id) = task.parent_flow_id.clone() else {
            let tell =
                move |was: &solo::Solo, ctx: &mut Ctx<'_>| recorded::report(was, ctx, &report);
            return Ok(self.engine.decide_task(self.actor(), &task_id, tell).await?);
        };
        let (store, id) = (self.engine.store().clone(), task.task_id.clone());
        let (step, told) = (task.task_id.clone(), report.clone());
        let tell = OfEither(
            move |state: &FlowState, ctx: &mut Ctx<'_>| drive::reported(state, ctx, &step, &told),
            move |state: &ControlState, ctx: &mut Ctx<'_>| {
                let ended = if state.tasks.contains_key(&id) {
                    Ok(None)
                } else {
                    store.task(&id).map_err(super::flow_run_task::unreadable)
                }?;
                let row = ended.unwrap_or_else(|| Arc::new(task.clone()));
                control::report(state, ctx, &row, &report)
            },
        );
        let done = self.engine.decide(self.actor(), &flow_id, tell).await.map_err(no_flow)?;
        match done.task {
            Some(task) => Ok(Arc::unwrap_or_clone(task)),
            None => self.find_task(&task_id.0),
        }
    }

    pub(super) async fn task_notify(&self, request: TaskNotifyRequest) -> Result<Task, ApiError> {
        let task = self.find_task(&request.task)?;
        let (id, policy) = (task.task_id, request.notify_policy);
        let Some(flow_id) = task.parent_flow_id else {
            let notify = move |was: &solo::Solo, ctx: &mut Ctx<'_>| solo::notify(was, ctx, policy);
            return Ok(self.engine.decide_task(self.actor(), &id, notify).await?);
        };
        let notify = OfCode(move |state: &ControlState, ctx: &mut Ctx<'_>| {
            control::notify_task(state, ctx, &id, policy)
        });
        let done = self.engine.decide(self.actor(), &flow_id, notify).await.map_err(no_flow)?;
        match done.task {
            Some(task) => Ok(Arc::unwrap_or_clone(task)),
            None => self.find_task(&request.task),
        }
    }
}

/// A refusal about a task shows no flow.
fn no_flow(error: EngineError) -> ApiError {
    let mut error = ApiError::from(error);
    error.current = None;
    error
}
