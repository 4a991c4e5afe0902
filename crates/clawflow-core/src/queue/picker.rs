//! Which task starts next: the places of all queues under one number of slots.
//!
//! A queue lets one start if its concurrency allows it, then if its rate does. Of the queues that
//! do, the one whose next task has the highest priority is served; of equal ones they take turns.
//! Within a queue the order is that of its line. Each step of this takes time in the logarithm of
//! what waits, and in the number of queues.

use super::limits::QueueLimits;
use super::line::Line;
use super::window::Window;
use crate::Millis;
use crate::ids::{FlowId, TaskId};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// A task that waits to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The task.
    pub task_id: TaskId,
    /// Its flow.
    pub flow_id: Option<FlowId>,
    /// Whose it is.
    pub owner_key: String,
    /// The queue in which it waits, beside the line for a slot.
    pub queue: Option<String>,
    /// Its priority, where it has one of its own.
    pub priority: Option<i32>,
}

/// Where a waiting task stands in its line.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) queue: Option<String>,
    pub(super) priority: i32,
    pub(super) owner: Arc<str>,
}

/// The slots and everybody who waits for one.
#[derive(Debug)]
pub struct Picker {
    /// Below zero while more run than may start: adopted attempts run in any case.
    pub(super) free: isize,
    closed: bool,
    /// By name; without one, for what is in no queue.
    pub(super) lines: BTreeMap<Option<String>, Line>,
    pub(super) waiting: HashMap<TaskId, Place>,
    /// The queues of what has a place in one.
    running: HashMap<TaskId, String>,
    turns: u64,
}

impl Picker {
    /// So many free slots, and these queues. What is in a queue that is none of them waits for a
    /// slot only.
    #[must_use]
    pub fn new(free: usize, queues: BTreeMap<String, QueueLimits>) -> Self {
        let line = |(name, limits): (&String, &QueueLimits)| {
            (Some(name.clone()), Line::new(limits.clone()))
        };
        let mut lines: BTreeMap<_, _> = queues.iter().map(line).collect();
        lines.insert(None, Line::default());
        Self {
            free: isize::try_from(free).unwrap_or(isize::MAX),
            closed: false,
            lines,
            waiting: HashMap::new(),
            running: HashMap::new(),
            turns: 0,
        }
    }

    /// Counts starts of a queue that are on record: those of the last period of its rate.
    pub fn recall(&mut self, queue: &str, starts: Vec<Millis>) {
        let Some(line) = self.lines.get_mut(&Some(queue.to_owned())) else { return };
        line.window = line.limits.rate.map(|rate| Window::new(rate, starts));
    }

    /// Takes every free slot for a decision that is made now; 0 while somebody waits who may start.
    pub fn reserve(&mut self, now: Millis) -> usize {
        if self.closed || self.free <= 0 || self.lines.values_mut().any(|l| l.may_start(now)) {
            return 0;
        }
        usize::try_from(std::mem::take(&mut self.free)).unwrap_or_default()
    }

    /// Takes a slot whether one is free or not: for an attempt that runs already.
    pub fn occupy(&mut self) {
        self.free -= 1;
    }

    /// Gives slots back.
    pub fn release(&mut self, count: usize) {
        self.free = self.free.saturating_add_unsigned(count);
    }

    /// Lets nothing start any more.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// Free slots, and tasks in line.
    #[must_use]
    pub fn usage(&self) -> (isize, usize) {
        (self.free, self.waiting.len())
    }

    /// Puts a task in line; one that is there or has its place already stays where it is.
    pub fn push(&mut self, task: Waiting) {
        if self.has(&task.task_id) {
            return;
        }
        let line = self.lines.entry(task.queue.clone()).or_default();
        let priority = task.priority.unwrap_or(line.limits.priority);
        let owner = line.push(priority, &task.owner_key, task.task_id.clone(), task.flow_id);
        self.waiting.insert(task.task_id, Place { queue: task.queue, priority, owner });
    }

    /// Whether the task is in line, or has its place in a queue.
    #[must_use]
    pub fn has(&self, task_id: &TaskId) -> bool {
        self.waiting.contains_key(task_id) || self.running.contains_key(task_id)
    }

    /// The next one, with a slot and a place in its queue taken for it. Whoever starts it says by
    /// [`Picker::started`] or [`Picker::refused`] what has come of it.
    pub fn next(&mut self, now: Millis) -> Option<Waiting> {
        if self.closed || self.free <= 0 {
            return None;
        }
        let ready = self.lines.iter_mut().filter_map(|(name, line)| {
            line.may_start(now).then_some(((line.priority(), Reverse(line.served)), name, line))
        });
        let (_, name, line) = ready.max_by_key(|(rank, _, _)| *rank)?;
        let (task_id, flow_id) = line.pop()?;
        self.turns += 1;
        line.served = self.turns;
        if let Some(name) = name {
            line.running.insert(task_id.clone());
            self.running.insert(task_id.clone(), name.clone());
            line.window.iter_mut().for_each(Window::begin);
        }
        self.free -= 1;
        let place = self.waiting.remove(&task_id)?;
        let (queue, owner_key) = (place.queue, place.owner.to_string());
        Some(Waiting { task_id, flow_id, owner_key, queue, priority: Some(place.priority) })
    }

    /// Its start is on record.
    pub fn started(&mut self, queue: Option<&str>, now: Millis) {
        if let Some(window) = self.window(queue) {
            window.record(now);
        }
    }

    /// An attempt whose start is on record executes only now: it counts as one more start.
    pub fn restarted(&mut self, queue: Option<&str>, now: Millis) {
        if let Some(window) = self.window(queue) {
            window.begin();
            window.record(now);
        }
    }

    /// It may not start: its place is free, and it is in no line. The slot is given back apart.
    pub fn refused(&mut self, queue: Option<&str>, task_id: &TaskId) {
        self.over(task_id);
        if let Some(window) = self.window(queue) {
            window.take_back();
        }
    }

    /// An attempt of the queue that runs already has its place, whether there is one or not.
    pub fn hold(&mut self, queue: &str, task_id: &TaskId) {
        let name = Some(queue.to_owned());
        self.lines.entry(name).or_default().running.insert(task_id.clone());
        self.running.insert(task_id.clone(), queue.to_owned());
    }

    /// The task has ended: it is in no line, and its place is free. Says whether it had one.
    pub fn over(&mut self, task_id: &TaskId) -> bool {
        if let Some(place) = self.waiting.remove(task_id)
            && let Some(line) = self.lines.get_mut(&place.queue)
        {
            line.remove(place.priority, &place.owner, task_id);
        }
        let Some(queue) = self.running.remove(task_id) else { return false };
        if let Some(line) = self.lines.get_mut(&Some(queue)) {
            line.running.remove(task_id);
        }
        true
    }

    /// When somebody may start for whom only the rate of his queue is in the way.
    pub fn next_at(&mut self, now: Millis) -> Option<Millis> {
        if self.closed || self.free <= 0 {
            return None;
        }
        let held = self.lines.values_mut().filter(|line| line.len() > 0 && !line.is_full());
        held.filter_map(|line| line.window.as_mut()?.next(now)).min()
    }

    fn window(&mut self, queue: Option<&str>) -> Option<&mut Window> {
        self.lines.get_mut(&Some(queue?.to_owned()))?.window.as_mut()
    }
}
