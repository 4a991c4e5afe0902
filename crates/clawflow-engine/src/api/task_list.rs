//! `task.list` and `task.show`.

use super::flow_list::{PAGE_DEFAULT, PAGE_MAX};
use super::{Api, ApiError, TaskListRequest, TaskListResponse, TaskRef};
use clawflow_core::ids::TaskId;
use clawflow_core::task::Task;
use clawflow_store::query::TaskFilter;

impl Api {
    pub(super) async fn task_list(
        &self,
        request: TaskListRequest,
    ) -> Result<TaskListResponse, ApiError> {
        let limit = request.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX);
        let flow_id = request.flow.map(|token| self.find_flow_id(&token)).transpose()?;
        let filter = TaskFilter {
            statuses: request.status,
            flow_id,
            owner_key: request.owner,
            created_since: request.since,
            after: request.after.map(TaskId),
            limit: limit + 1,
        };
        let mut tasks = self.engine.store().list_tasks(&filter)?;
        let more = tasks.len() > limit;
        tasks.truncate(limit);
        let next = tasks.last().filter(|_| more).map(|task| task.task_id.0.clone());
        Ok(TaskListResponse { tasks, next })
    }

    pub(super) async fn task_show(&self, request: TaskRef) -> Result<Task, ApiError> {
        self.find_task(&request.task)
    }
}
