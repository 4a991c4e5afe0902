//! What belongs to a flow, and what is to be done.

use super::state::Rows;
use crate::query::{Due, DueWhat, FlowBundle, Work};
use clawflow_core::Millis;
use clawflow_core::ids::FlowId;
use clawflow_core::step::{Step, StepStatus};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_core::wait::{Wait, WaitKind, WaitState};
use std::sync::Arc;

impl Rows {
    pub(super) fn load(&self, id: &FlowId) -> Option<FlowBundle> {
        let flow = self.flows.get(id)?.clone();
        let spec = self.specs.get(id).cloned();
        let hash = spec.as_ref().map(|spec| &spec.definition_hash);
        let source = hash.and_then(|hash| self.definitions.get(hash)).cloned();
        let mut steps: Vec<Arc<Step>> =
            self.steps.get(id).into_iter().flat_map(|steps| steps.values().cloned()).collect();
        steps.sort_by_key(|step| step.position);
        let tasks = self.tasks_of(id).filter(|t| t.ended_at.is_none()).cloned().collect();
        let open = |wait: &&Arc<Wait>| wait.state == WaitState::Open;
        let waits = self.wait_rows(id).filter(open).cloned().collect();
        let last_event = self.newest(id.as_str());
        Some(FlowBundle { flow, spec, source, steps, tasks, waits, last_event })
    }

    pub(super) fn waits_of(&self, id: &FlowId) -> Vec<Wait> {
        let mut waits: Vec<Wait> = self.wait_rows(id).map(|wait| Wait::clone(wait)).collect();
        waits.sort_by_key(|wait| wait.created_at);
        waits
    }

    /// Open waits of live flows, by id.
    fn open_waits(&self) -> impl Iterator<Item = &Arc<Wait>> {
        let open = self.waits.values().filter(|wait| wait.state == WaitState::Open);
        open.filter(|wait| self.is_live(&wait.flow_id))
    }

    pub(super) fn open_event_waits(
        &self,
        owner: &str,
        name: &str,
        key: Option<&str>,
        only: Option<&FlowId>,
    ) -> Vec<Wait> {
        let wanted = |wait: &&Arc<Wait>| {
            wait.kind == WaitKind::Event
                && wait.target.as_deref() == Some(name)
                && (wait.event_key.is_none() || wait.event_key.as_deref() == key)
                && only.is_none_or(|only| *only == wait.flow_id)
                && self.flows.get(&wait.flow_id).is_some_and(|flow| flow.owner_key == owner)
        };
        self.open_waits().filter(wanted).map(|wait| Wait::clone(wait)).collect()
    }

    pub(super) fn steps_of(&self, id: &FlowId) -> Vec<Step> {
        let rows = self.steps.get(id).into_iter().flat_map(|steps| steps.values());
        let mut steps: Vec<Step> = rows.map(|s| Step { result: None, ..Step::clone(s) }).collect();
        steps.sort_by_key(|step| step.position);
        steps
    }

    pub(super) fn newest(&self, subject: &str) -> u64 {
        let last = self.events.get(subject).and_then(|events| events.last_key_value());
        last.map_or(0, |(number, _)| *number)
    }

    /// By id.
    pub(super) fn tasks_of(&self, id: &FlowId) -> impl Iterator<Item = &Arc<Task>> {
        let ids = self.flow_tasks.get(id).into_iter().flatten();
        ids.filter_map(|task| self.tasks.get(task))
    }

    fn wait_rows(&self, id: &FlowId) -> impl Iterator<Item = &Arc<Wait>> {
        let ids = self.flow_waits.get(id).into_iter().flatten();
        ids.filter_map(|wait| self.waits.get(wait))
    }

    fn is_live(&self, id: &FlowId) -> bool {
        self.flows.get(id).is_some_and(|flow| flow.ended_at.is_none())
    }

    pub(super) fn work(&self, only: Option<&FlowId>) -> Work {
        let wanted = |id: Option<&FlowId>| only.is_none() || only == id;
        let open = |task: &&Arc<Task>| {
            task.ended_at.is_none() && !task.reported && wanted(task.parent_flow_id.as_ref())
        };
        let tasks = self.tasks.values().filter(open);
        let waits = self.waits.values().filter(|wait| wait.state == WaitState::Open);
        let waits = waits.filter(|wait| wait.kind == WaitKind::Flow && wanted(Some(&wait.flow_id)));
        let mut children: Vec<Wait> = waits.map(|wait| Wait::clone(wait)).collect();
        children.sort_by(|a, b| (&a.flow_id, &a.wait_id).cmp(&(&b.flow_id, &b.wait_id)));
        Work {
            children,
            tasks: tasks.map(|t| (t.task_id.clone(), t.status, t.parent_flow_id.clone())).collect(),
        }
    }

    pub(super) fn tasks_in_queues(&self, status: TaskStatus) -> Vec<Task> {
        let open = |task: &&Arc<Task>| {
            task.queue.is_some() && task.ended_at.is_none() && task.status == status
        };
        let mut found: Vec<Task> =
            self.tasks.values().filter(open).map(|task| Task::clone(task)).collect();
        found.sort_by(|a, b| (&a.queue, &a.task_id).cmp(&(&b.queue, &b.task_id)));
        found
    }

    pub(super) fn queue_starts(&self, queue: &str, since: Millis, limit: usize) -> Vec<Millis> {
        let of_queue = self.tasks.values().filter(|task| task.queue.as_deref() == Some(queue));
        let mut starts: Vec<Millis> = of_queue.filter_map(|task| task.started_at).collect();
        starts.retain(|at| *at > since);
        starts.sort_unstable_by(|a, b| b.cmp(a));
        starts.truncate(limit);
        starts
    }

    /// All timers of live flows: by time, then flow, then steps before waits.
    pub(super) fn timers(&self, only: Option<&FlowId>) -> Vec<Due> {
        let wanted = |id: &FlowId| only.is_none_or(|only| only == id) && self.is_live(id);
        let steps = self.steps.iter().filter(|(id, _)| wanted(id)).flat_map(|(_, s)| s.values());
        let retries = steps.filter(|s| s.status == StepStatus::Retrying).filter_map(|step| {
            let what = DueWhat::Retry(step.step_id.clone());
            Some(Due { at: step.due_at?, flow_id: step.flow_id.clone(), what })
        });
        let waits = self.waits.values().filter(|w| w.state == WaitState::Open);
        let deadlines = waits.filter(|wait| wanted(&wait.flow_id)).filter_map(|wait| {
            let what = DueWhat::Wait(wait.wait_id.clone());
            Some(Due { at: wait.due_at?, flow_id: wait.flow_id.clone(), what })
        });
        let mut due: Vec<Due> = retries.chain(deadlines).collect();
        due.sort_by(Due::order);
        due
    }
}
