//! `task.list` and `task.show`.

use super::flow_list::{PAGE_DEFAULT, PAGE_MAX};
use super::{Api, ApiError, TaskListRequest, TaskListResponse, TaskRef};
use clawflow_core::delivery::delivery_status;
use clawflow_core::ids::TaskId;
use clawflow_core::task::{DeliveryStatus, Task};
use clawflow_store::query::{DeliveryFilter, TaskFilter};

impl Api {
    pub(super) async fn task_list(
        &self,
        request: TaskListRequest,
    ) -> Result<TaskListResponse, ApiError> {
        let limit = request.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX);
        let flow_id = request.flow.map(|token| self.find_flow_id(&token)).transpose()?;
        let filter = TaskFilter {
            statuses: request.status,
            runtimes: request.runtime,
            label: request.label,
            flow_id,
            owner_key: self.scope(request.owner),
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

    /// The task; where the message about its end stands is asked of its rows.
    pub(super) async fn task_show(&self, request: TaskRef) -> Result<Task, ApiError> {
        let mut task = self.find_task(&request.task)?;
        if task.delivery_status != DeliveryStatus::NotApplicable {
            let task_id = Some(task.task_id.clone());
            let of_task = DeliveryFilter { task_id, limit: PAGE_MAX, ..DeliveryFilter::default() };
            let rows = self.engine.store().list_deliveries(&of_task)?;
            if !rows.is_empty() {
                task.delivery_status = delivery_status(&rows);
            }
        }
        Ok(task)
    }
}
