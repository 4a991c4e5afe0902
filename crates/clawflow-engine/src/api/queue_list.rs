//! `queue.list`: who runs in queues, who waits, and why.

use super::{Api, ApiError, QueueListRequest, QueueListResponse, QueueTask, QueueView};
use crate::dispatch::waiting;
use crate::engine::Scope;
use clawflow_core::Millis;
use clawflow_core::ids::TaskId;
use clawflow_core::queue::{Held, Picker, QueueLimits};
use clawflow_core::suggest::closest;
use clawflow_core::task::{Task, TaskStatus};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Waiting tasks of each queue that are named, unless more are asked for.
const WAITING_DEFAULT: usize = 20;
const WAITING_MAX: usize = 1000;

/// Why nobody starts, in a word.
pub(super) fn word(held: Option<Held>) -> &'static str {
    match held {
        Some(Held::Concurrency) => "concurrency",
        Some(Held::Rate(_)) => "rate",
        Some(Held::Slots) => "slots",
        None => "starting",
    }
}

/// Open tasks of one queue.
#[derive(Default)]
struct Open {
    running: Vec<Task>,
    waiting: HashMap<TaskId, Task>,
}

impl Api {
    pub(super) async fn queue_list(
        &self,
        request: QueueListRequest,
    ) -> Result<QueueListResponse, ApiError> {
        let limit = request.limit.unwrap_or(WAITING_DEFAULT).min(WAITING_MAX);
        let mut open = self.open_in_queues()?;
        let settings = self.engine.settings();
        let configured = settings.queues.keys().cloned();
        let names: BTreeSet<String> = configured.chain(open.keys().cloned()).collect();
        if let Some(name) = request.queue.as_ref().filter(|name| !names.contains(*name)) {
            return Err(unknown(name, names.iter().map(String::as_str)));
        }
        let wanted = |name: &String| request.queue.as_ref().is_none_or(|only| only == name);
        let mut queues = Vec::new();
        for name in names.into_iter().filter(wanted) {
            let open = open.remove(&name).unwrap_or_default();
            queues.push(self.queue_view(name, open, limit)?);
        }
        let (free, _) = self.engine.inner.slots.usage();
        Ok(QueueListResponse {
            queues,
            max_tasks: settings.max_tasks as u64,
            slots_free: u64::try_from(free).unwrap_or_default(),
        })
    }

    /// What the caller may see of what runs and waits, by queue.
    fn open_in_queues(&self) -> Result<BTreeMap<String, Open>, ApiError> {
        let store = self.engine.store();
        let mut open: BTreeMap<String, Open> = BTreeMap::new();
        for status in [TaskStatus::Running, TaskStatus::Queued] {
            for task in store.tasks_in_queues(status)? {
                let Some(name) = task.queue.clone().filter(|_| self.sees(&task.owner_key)) else {
                    continue;
                };
                let queue = open.entry(name).or_default();
                if status == TaskStatus::Running {
                    queue.running.push(task);
                } else {
                    queue.waiting.insert(task.task_id.clone(), task);
                }
            }
        }
        Ok(open)
    }

    fn queue_view(&self, name: String, open: Open, limit: usize) -> Result<QueueView, ApiError> {
        let settings = self.engine.settings();
        let configured = settings.queue(&name);
        let limits = configured.clone().unwrap_or_default();
        let row = |task: &Task, since: Millis, why: Option<String>| QueueTask {
            task_id: task.task_id.clone(),
            flow_id: task.parent_flow_id.clone(),
            step_id: task.step_id.clone(),
            owner_key: task.owner_key.clone(),
            priority: task.priority.unwrap_or(limits.priority),
            since,
            why,
        };
        let running = open.running.iter();
        let running =
            running.map(|task| row(task, task.started_at.unwrap_or(task.created_at), None));
        let running = running.collect();
        let (order, held) = self.order(&name, &open.waiting, &limits);
        let mut line = Vec::new();
        for task in order.iter().filter_map(|id| open.waiting.get(id)).take(limit) {
            let why = self.why_waits(task, held)?;
            line.push(row(task, task.created_at, Some(why)));
        }
        let next_at = match held {
            Some(Held::Rate(at)) if !line.is_empty() => at,
            _ => None,
        };
        Ok(QueueView {
            configured: configured.is_some(),
            concurrency: limits.concurrency.map(|most| most as u64),
            rate: limits.rate.map(|rate| rate.to_string()),
            priority: limits.priority,
            running,
            waiting: open.waiting.len() as u64,
            held: line.first().and_then(|first| first.why.clone()),
            line,
            next_at,
            name,
        })
    }

    /// In what order those that wait start, and what is in the way of the first. Those that no
    /// line here has (their flow is paused, or nothing drives them) are last.
    fn order(
        &self,
        name: &str,
        waiting_tasks: &HashMap<TaskId, Task>,
        limits: &QueueLimits,
    ) -> (Vec<TaskId>, Option<Held>) {
        let here = self.engine.inner.slots.line(Some(name), usize::MAX);
        let known: BTreeSet<&TaskId> = here.first.iter().collect();
        let others = waiting_tasks.values().filter(|task| !known.contains(&task.task_id));
        let queues = BTreeMap::from([(name.to_owned(), limits.clone())]);
        let mut picker = Picker::new(0, queues);
        others.for_each(|task| picker.push(waiting(task)));
        let mut order = here.first.clone();
        order.extend(picker.line(Some(name), 0, usize::MAX).first);
        (order, here.held)
    }

    fn why_waits(&self, task: &Task, held: Option<Held>) -> Result<String, ApiError> {
        let engine = &self.engine;
        if !engine.drives_task(task) || *engine.scope() == Scope::Nothing {
            return Ok("driver".to_owned());
        }
        let flow = task.parent_flow_id.as_ref();
        let flow = flow.map(|flow_id| engine.store().load(flow_id)).transpose()?.flatten();
        let paused = flow.is_some_and(|bundle| bundle.flow.holds_starts());
        Ok(if paused { "paused" } else { word(held) }.to_owned())
    }
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> ApiError {
    let error = ApiError::new("not_found", format!("queue not found: {name}"));
    error.hint(match closest(name, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "clawflow queues".to_owned(),
    })
}
