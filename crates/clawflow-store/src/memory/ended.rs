//! What has ended and may go.

use super::state::Rows;
use crate::query::{EndedTask, Owners};
use clawflow_core::Millis;
use clawflow_core::delivery::{Delivery, DeliveryState};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::task::{Task, TaskStatus};

impl Rows {
    pub(super) fn ended_flows(
        &self,
        (status, before): (FlowStatus, Millis),
        owners: &Owners,
        after: Option<&FlowId>,
        limit: usize,
    ) -> Vec<FlowId> {
        let rows = self.flows.values().filter(|flow| {
            flow.status == status
                && owners.has(&flow.owner_key)
                && flow.ended_at.is_some_and(|at| at < before)
                && after.is_none_or(|after| flow.flow_id > *after)
                && !self.is_owed(|row| row.flow_id.as_ref() == Some(&flow.flow_id))
                && self.tasks_of(&flow.flow_id).all(|task| task.ended_at.is_some())
                && !self.is_family_alive(flow)
        });
        rows.take(limit).map(|flow| flow.flow_id.clone()).collect()
    }

    pub(super) fn ended_tasks(
        &self,
        (status, before): (TaskStatus, Millis),
        owners: &Owners,
        after: Option<&TaskId>,
        limit: usize,
    ) -> Vec<EndedTask> {
        let rows = self.tasks.values().filter(|task| {
            task.status == status
                && owners.has(&task.owner_key)
                && task.ended_at.is_some_and(|at| at < before)
                && after.is_none_or(|after| task.task_id > *after)
                && self.may_go(task)
        });
        let rows = rows.take(limit).map(|task| EndedTask {
            task_id: task.task_id.clone(),
            boot_id: task.executor.as_ref().map(|executor| executor.boot_id.clone()),
            fence: task.fence,
        });
        rows.collect()
    }

    pub(super) fn forget_tasks(&mut self, task_ids: &[TaskId]) -> u64 {
        let mut count = 0;
        for id in task_ids {
            if self.tasks.get(id).is_some_and(|task| self.may_go(task)) {
                count += 1;
                self.tasks.remove(id);
                self.inputs.remove(id);
                for event in self.events.remove(id.as_str()).unwrap_or_default().into_values() {
                    self.feed.remove(&event.seq);
                }
            }
        }
        count
    }

    fn is_family_alive(&self, flow: &Flow) -> bool {
        let parent = flow.parent_flow_id.as_ref().and_then(|id| self.flows.get(id));
        let child = |other: &&Flow| other.parent_flow_id.as_ref() == Some(&flow.flow_id);
        let mut family = parent.into_iter().chain(self.flows.values().filter(child));
        family.any(|other| other.ended_at.is_none())
    }

    fn may_go(&self, task: &Task) -> bool {
        task.parent_flow_id.is_none()
            && task.ended_at.is_some()
            && !self.is_owed(|row| row.task_id.as_ref() == Some(&task.task_id))
    }

    fn is_owed(&self, about: impl Fn(&Delivery) -> bool) -> bool {
        self.deliveries.values().any(|row| row.state == DeliveryState::Pending && about(row))
    }
}
