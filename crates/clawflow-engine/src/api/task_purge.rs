//! `task.purge`: deletes ended tasks that belong to no flow, with history and logs.

use super::{Api, ApiError, TaskPurgeRequest, TaskPurgeResponse, blocking};
use clawflow_core::Millis;
use clawflow_core::delivery::DeliveryState;
use clawflow_core::ids::TaskId;
use clawflow_core::task::{Task, TaskStatus};
use clawflow_store::query::{DeliveryFilter, EndedTask, Owners};

/// Tasks that one page of the search looks at.
const PAGE: usize = 500;
/// Tasks that one transaction deletes, with their history.
const BATCH: usize = 64;

impl Api {
    pub(super) async fn task_purge(
        &self,
        request: TaskPurgeRequest,
    ) -> Result<TaskPurgeResponse, ApiError> {
        let found = match &request.task {
            Some(token) => vec![self.ended_task(token)?],
            None => self.ended_tasks(&request).await?,
        };
        if request.dry_run {
            let tasks = found.into_iter().map(|task| task.task_id.0).collect();
            return Ok(TaskPurgeResponse { tasks });
        }
        let mut tasks = Vec::new();
        for batch in found.chunks(BATCH) {
            self.forget(batch).await?;
            for EndedTask { task_id, .. } in batch {
                // One about which something is owed since we looked has stayed.
                if self.engine.store().task(task_id)?.is_none() {
                    tasks.push(task_id.0.clone());
                }
            }
        }
        Ok(TaskPurgeResponse { tasks })
    }

    fn ended_task(&self, token: &str) -> Result<EndedTask, ApiError> {
        let task = self.find_task(token)?;
        let refused =
            |message: String, hint: String| ApiError::new("invalid_state", message).hint(hint);
        if !task.status.is_terminal() {
            let message = format!("the task is {}: only an ended task is purged", task.status);
            return Err(refused(message, "clawflow tasks cancel TASK".to_owned()));
        }
        if let Some(flow_id) = &task.parent_flow_id {
            let message = format!("the task belongs to the flow {flow_id}, and goes with it");
            return Err(refused(message, format!("clawflow flows purge {flow_id}")));
        }
        let pending = DeliveryFilter {
            task_id: Some(task.task_id.clone()),
            states: vec![DeliveryState::Pending],
            limit: 1,
            ..DeliveryFilter::default()
        };
        if !self.engine.store().list_deliveries(&pending)?.is_empty() {
            let message = "a message about the task is still to be sent".to_owned();
            let hint = format!("clawflow tasks deliveries --task {}", task.task_id);
            return Err(refused(message, hint));
        }
        let boot_id = task.executor.map(|executor| executor.boot_id);
        Ok(EndedTask { task_id: task.task_id, boot_id, fence: task.fence })
    }

    /// All that the request asks for and that may go. One without any bound is refused.
    async fn ended_tasks(&self, request: &TaskPurgeRequest) -> Result<Vec<EndedTask>, ApiError> {
        let TaskPurgeRequest { ended_before, status, runtime, label, owner, .. } = request;
        let records = !runtime.is_empty() || label.is_some() || owner.is_some();
        if ended_before.is_none() && status.is_empty() && !records {
            let message = "name a task, or which tasks to purge";
            return Err(ApiError::new("bad_request", message));
        }
        let scope = self.scope(owner.clone());
        let fits = |task: &Task| {
            (runtime.is_empty() || runtime.contains(&task.runtime))
                && label.as_ref().is_none_or(|label| task.label.as_ref() == Some(label))
                && scope.as_ref().is_none_or(|owner| task.owner_key == *owner)
        };
        let (store, before) = (self.engine.store(), ended_before.unwrap_or(Millis::MAX));
        let ends = TaskStatus::ALL.iter().copied().filter(|status| status.is_terminal());
        let mut found = Vec::new();
        for status in ends.filter(|one| status.is_empty() || status.contains(one)) {
            let mut after: Option<TaskId> = None;
            loop {
                let owners = Owners::default();
                let page = store.ended_tasks(status, before, &owners, after.as_ref(), PAGE)?;
                let Some(last) = page.last() else { break };
                after = Some(last.task_id.clone());
                for ended in page {
                    let wanted = match records || scope.is_some() {
                        true => store.task(&ended.task_id)?.is_some_and(|task| fits(&task)),
                        false => true,
                    };
                    found.extend(wanted.then_some(ended));
                }
                // Each page blocks this thread for a while; others want it too.
                tokio::task::yield_now().await;
            }
        }
        Ok(found)
    }

    /// Deletes those of some tasks that may go, then their logs; says how many.
    pub(crate) async fn forget(&self, tasks: &[EndedTask]) -> Result<u64, ApiError> {
        let store = self.engine.store().clone();
        let ids: Vec<TaskId> = tasks.iter().map(|task| task.task_id.clone()).collect();
        let count = blocking(move || Ok(store.forget_tasks(&ids)?)).await?;
        for EndedTask { task_id, boot_id, fence } in tasks {
            if let Some(boot_id) = boot_id {
                self.remove_logs(boot_id, task_id.as_str(), *fence).await;
            }
        }
        Ok(count)
    }
}
