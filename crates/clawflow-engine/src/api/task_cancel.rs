//! `task.cancel` and `task.wait`.

use super::flow_wait::WAIT_MS_MAX;
use super::{Api, ApiError, TaskCancelRequest, TaskWaitRequest};
use crate::held::OfEither;
use clawflow_core::control::{self, ControlState};
use clawflow_core::drive::{self, Ctx, FlowState};
use clawflow_core::task::{Task, solo};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A look without a hint.
const LOOK_EVERY: Duration = Duration::from_millis(500);

impl Api {
    pub(super) async fn task_cancel(&self, request: TaskCancelRequest) -> Result<Task, ApiError> {
        let task = self.find_task(&request.task)?;
        let task_id = task.task_id.clone();
        let reason = match request.reason.trim() {
            "" => "cancelled by the operator".to_owned(),
            reason => reason.to_owned(),
        };
        match &task.parent_flow_id {
            None => {
                let cancel =
                    move |was: &solo::Solo, ctx: &mut Ctx<'_>| solo::cancel(was, ctx, &reason);
                self.engine.decide_task(self.actor(), &task_id, cancel).await?;
            }
            Some(flow_id) => {
                let (id, same) = (task_id.clone(), (task_id.clone(), reason.clone()));
                let cancel = OfEither(
                    move |state: &FlowState, ctx: &mut Ctx<'_>| {
                        drive::cancel_task(state, ctx, &id, &reason)
                    },
                    move |state: &ControlState, ctx: &mut Ctx<'_>| {
                        control::cancel_task(state, ctx, &same.0, &same.1)
                    },
                );
                self.engine.decide(self.actor(), flow_id, cancel).await?;
            }
        }
        self.until_task_ended(task, request.wait_ms).await
    }

    pub(super) async fn task_wait(&self, request: TaskWaitRequest) -> Result<Task, ApiError> {
        let task = self.find_task(&request.task)?;
        self.until_task_ended(task, request.timeout_ms).await
    }

    /// The task once it has ended, or as it is after that time.
    async fn until_task_ended(&self, task: Task, wait_ms: u64) -> Result<Task, ApiError> {
        let task_id = task.task_id;
        let deadline = Instant::now() + Duration::from_millis(wait_ms.min(WAIT_MS_MAX));
        let mut changes =
            self.engine.changes(task.parent_flow_id.as_ref().map_or(&task_id.0, |id| &id.0));
        loop {
            changes.mark_unchanged();
            let task = self.find_task(&task_id.0)?;
            if task.status.is_terminal() || Instant::now() >= deadline {
                return Ok(task);
            }
            let look = deadline.min(Instant::now() + LOOK_EVERY);
            let _ = timeout_at(look, changes.changed()).await;
        }
    }
}
