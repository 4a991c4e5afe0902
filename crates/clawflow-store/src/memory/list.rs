//! Pages.

use super::state::Rows;
use crate::query::{EventFilter, FlowCounts, FlowFilter, FlowRow, TaskCounts, TaskFilter};
use clawflow_core::event::StoredEvent;
use clawflow_core::flow::Flow;
use clawflow_core::ids::FlowId;
use clawflow_core::task::Task;
use std::ops::Bound;
use std::sync::Arc;

impl Rows {
    pub(super) fn list_flows(&self, filter: &FlowFilter) -> Vec<FlowRow> {
        let wanted = |flow: &&Flow| {
            let ended_since = |since| flow.ended_at.is_none_or(|ended| ended >= since);
            (filter.statuses.is_empty() || filter.statuses.contains(&flow.status))
                && filter.live_or_ended_since.is_none_or(ended_since)
                && filter.created_since.is_none_or(|since| flow.created_at >= since)
                && filter.owner_key.as_ref().is_none_or(|owner| *owner == flow.owner_key)
                && filter
                    .parent_flow_id
                    .as_ref()
                    .is_none_or(|id| flow.parent_flow_id.as_ref() == Some(id))
                && filter.after.as_ref().is_none_or(|after| flow.flow_id < *after)
                && filter.names(flow)
                && filter.retried.is_none_or(|retried| retried == self.is_retried(&flow.flow_id))
        };
        let page = self.flows.values().rev().filter(wanted).take(filter.limit);
        page.map(|flow| {
            let active = self.tasks_of(&flow.flow_id).filter(|task| task.ended_at.is_none());
            FlowRow {
                flow: flow.clone(),
                tasks_active: active.count() as u64,
                tasks_total: self.tasks_of(&flow.flow_id).count() as u64,
            }
        })
        .collect()
    }

    fn is_retried(&self, id: &FlowId) -> bool {
        self.flows.values().any(|flow| flow.retry_of.as_ref() == Some(id))
    }

    pub(super) fn count_flows(&self, owner_key: Option<&str>) -> FlowCounts {
        let mut counts = FlowCounts::default();
        let wanted = |flow: &&Flow| owner_key.is_none_or(|owner| owner == flow.owner_key);
        for flow in self.flows.values().filter(wanted) {
            *counts.by_status.entry(flow.status).or_default() += 1;
            if flow.ended_at.is_none() && flow.cancel_requested_at.is_some() {
                counts.cancel_requested += 1;
            }
        }
        counts
    }

    pub(super) fn list_tasks(&self, filter: &TaskFilter) -> Vec<Task> {
        let wanted = |task: &&Arc<Task>| {
            (filter.statuses.is_empty() || filter.statuses.contains(&task.status))
                && (filter.runtimes.is_empty() || filter.runtimes.contains(&task.runtime))
                && filter.label.as_ref().is_none_or(|label| task.label.as_ref() == Some(label))
                && filter.flow_id.as_ref().is_none_or(|id| task.parent_flow_id.as_ref() == Some(id))
                && filter.owner_key.as_ref().is_none_or(|owner| *owner == task.owner_key)
                && filter.created_since.is_none_or(|since| task.created_at >= since)
                && filter.after.as_ref().is_none_or(|after| task.task_id < *after)
        };
        let page = self.tasks.values().rev().filter(wanted).take(filter.limit);
        page.map(|task| Task::clone(task)).collect()
    }

    pub(super) fn count_tasks(&self, id: &FlowId) -> TaskCounts {
        let mut counts = TaskCounts::new();
        for task in self.tasks_of(id) {
            *counts.entry((task.status, task.runtime)).or_default() += 1;
        }
        counts
    }

    pub(super) fn list_events(&self, filter: &EventFilter) -> Vec<StoredEvent> {
        let from = (Bound::Excluded(filter.after), Bound::Unbounded);
        let owner = filter.owner_key.as_ref();
        let wanted = |row: &&StoredEvent| owner.is_none_or(|owner| *owner == row.event.owner_key);
        match &filter.subject {
            Some(subject) => {
                let history = self.events.get(subject).into_iter();
                let rows = history.flat_map(|events| events.range(from)).map(|(_, event)| event);
                rows.filter(wanted).take(filter.limit).cloned().collect()
            }
            None => {
                let event = |(_, (subject, number)): (_, &(String, u64))| {
                    self.events.get(subject)?.get(number)
                };
                let rows = self.feed.range(from).filter_map(event);
                rows.filter(wanted).take(filter.limit).cloned().collect()
            }
        }
    }
}
