//! What is told of queues: who runs, who waits, and why.

use super::picker::Picker;
use crate::Millis;
use crate::ids::TaskId;

/// Why nobody of a line starts now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// As many of the queue run as may.
    Concurrency,
    /// As many of it have started as may; the next one may at this time, where that is known.
    Rate(Option<Millis>),
    /// No slot is free.
    Slots,
}

/// A queue at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineView {
    /// What has a place, oldest first.
    pub running: Vec<TaskId>,
    /// How many wait.
    pub waiting: usize,
    /// The first of them, in the order in which they start if nobody else comes.
    pub first: Vec<TaskId>,
    /// What is in the way of the first one; `None`: nothing.
    pub held: Option<Held>,
}

/// A waiting task at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How many of its line start before it, if nobody else comes.
    pub before: usize,
    /// What is in the way of its line; `None`: nothing.
    pub held: Option<Held>,
}

impl Picker {
    /// The queue of this name, or without one the line for a slot alone. At most so many of those
    /// that wait are named.
    pub fn line(&mut self, queue: Option<&str>, now: Millis, most: usize) -> LineView {
        let queue = queue.map(str::to_owned);
        let held = self.held(&queue, now);
        let Some(line) = self.lines.get(&queue) else {
            return LineView { running: Vec::new(), waiting: 0, first: Vec::new(), held };
        };
        let mut running: Vec<TaskId> = line.running.iter().cloned().collect();
        running.sort_unstable();
        let first = line.first(most).into_iter().cloned().collect();
        LineView { running, waiting: line.len(), first, held }
    }

    /// Where a task stands in its line; `None` if it is in none.
    pub fn standing(&mut self, task_id: &TaskId, now: Millis) -> Option<Standing> {
        let place = self.waiting.get(task_id)?;
        let line = self.lines.get(&place.queue)?;
        let before = line.before(place.priority, &place.owner, task_id)?;
        let queue = place.queue.clone();
        Some(Standing { before, held: self.held(&queue, now) })
    }

    fn held(&mut self, queue: &Option<String>, now: Millis) -> Option<Held> {
        let line = self.lines.get_mut(queue)?;
        if line.is_full() {
            return Some(Held::Concurrency);
        }
        if let Some(window) = &mut line.window
            && !window.may_start(now)
        {
            return Some(Held::Rate(window.next(now)));
        }
        (self.free <= 0).then_some(Held::Slots)
    }
}
