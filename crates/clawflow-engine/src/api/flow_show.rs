//! `flow.show` and `flow.source`.

use super::{Api, ApiError, FlowRef, FlowSourceResponse, FlowView, TaskSummary};
use clawflow_core::ids::FlowId;
use clawflow_core::task::{Runtime, Task, TaskStatus};
use clawflow_store::query::TaskFilter;

/// Tasks that a view carries; older ones are in `task.list`.
const TASKS_MAX: usize = 1000;

impl Api {
    pub(super) async fn flow_show(&self, request: FlowRef) -> Result<FlowView, ApiError> {
        let flow_id = self.find_flow_id(&request.flow)?;
        self.view(&flow_id)
    }

    /// The flow with all that belongs to it, as one moment after the other is read: flow, steps
    /// and `last_event` together first, so that news after it is news for the reader.
    pub(super) fn view(&self, flow_id: &FlowId) -> Result<FlowView, ApiError> {
        let store = self.engine.store();
        let Some(bundle) = store.load(flow_id)? else {
            return Err(ApiError::new("not_found", format!("flow not found: {flow_id}")));
        };
        let waits = store.waits(flow_id)?;
        let (mut tasks, task_summary) = self.tasks_of(flow_id)?;
        // What is at work is never left out, however many were newer.
        let at_work = bundle.tasks.iter().filter(|open| {
            tasks.len() >= TASKS_MAX && !tasks.iter().any(|task| task.task_id == open.task_id)
        });
        let older: Vec<Task> = at_work.map(|open| Task::clone(open)).collect();
        tasks.extend(older);
        tasks.sort_by(|a, b| a.task_id.cmp(&b.task_id));
        let (flow, steps) = (bundle.flow.clone(), bundle.steps.clone());
        let (last_event, children) = (bundle.last_event, self.children(flow_id)?);
        let used = self.used(bundle)?;
        // Results may be large: they are not copied.
        let steps = steps.into_iter().map(std::sync::Arc::unwrap_or_clone).collect();
        Ok(FlowView { flow, steps, waits, task_summary, tasks, children, used, last_event })
    }

    /// The newest tasks of the flow, and all of them in numbers.
    fn tasks_of(&self, flow_id: &FlowId) -> Result<(Vec<Task>, TaskSummary), ApiError> {
        let filter = TaskFilter {
            flow_id: Some(flow_id.clone()),
            limit: TASKS_MAX,
            ..TaskFilter::default()
        };
        Ok((self.engine.store().list_tasks(&filter)?, self.summary(flow_id)?))
    }

    /// The tasks of the flow in numbers.
    pub(super) fn summary(&self, flow_id: &FlowId) -> Result<TaskSummary, ApiError> {
        let mut sum = TaskSummary::default();
        for status in TaskStatus::ALL {
            sum.by_status.insert(status.to_string(), 0);
        }
        for runtime in Runtime::ALL {
            sum.by_runtime.insert(runtime.to_string(), 0);
        }
        for ((status, runtime), count) in self.engine.store().count_tasks(flow_id)? {
            sum.total += count;
            *sum.by_status.entry(status.to_string()).or_default() += count;
            *sum.by_runtime.entry(runtime.to_string()).or_default() += count;
            match status {
                TaskStatus::Queued | TaskStatus::Running => sum.active += count,
                _ => sum.terminal += count,
            }
            if matches!(status, TaskStatus::Failed | TaskStatus::TimedOut | TaskStatus::Lost) {
                sum.failures += count;
            }
        }
        Ok(sum)
    }

    pub(super) async fn flow_source(
        &self,
        request: FlowRef,
    ) -> Result<FlowSourceResponse, ApiError> {
        let flow_id = self.find_flow_id(&request.flow)?;
        let bundle = self.engine.store().load(&flow_id)?;
        let parts = bundle.and_then(|bundle| Some((bundle.spec?, bundle.source?)));
        let Some((spec, source)) = parts else {
            let message = format!("{flow_id} was not made from a workflow file");
            return Err(ApiError::new("invalid_state", message));
        };
        Ok(FlowSourceResponse {
            file: spec.file,
            hash: spec.definition_hash,
            source,
            args: spec.args,
        })
    }
}
