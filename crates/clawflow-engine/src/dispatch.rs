//! Slots: how many attempts may run at once, and who waits for one.

use crate::engine::{Engine, lock};
use clawflow_core::ids::{FlowId, TaskId};
use std::collections::{HashSet, VecDeque};
use std::sync::Mutex;

/// The free slots and the queue. Tasks start in the order in which they were queued.
pub(crate) struct Slots {
    // One lock for both: a slot is free only if nobody waits for it.
    state: Mutex<State>,
}

struct State {
    /// Below zero while more run than may start: adopted attempts run in any case.
    free: isize,
    queue: VecDeque<(TaskId, Option<FlowId>)>,
    queued: HashSet<TaskId>,
    closed: bool,
}

impl Slots {
    pub(crate) fn new(free: usize) -> Self {
        let free = isize::try_from(free).unwrap_or(isize::MAX);
        let state = State { free, queue: VecDeque::new(), queued: HashSet::new(), closed: false };
        Self { state: Mutex::new(state) }
    }

    /// Takes every free slot for a decision that is made now; 0 while others wait.
    pub(crate) fn reserve(&self) -> usize {
        let mut state = lock(&self.state);
        if state.closed || !state.queue.is_empty() || state.free <= 0 {
            return 0;
        }
        usize::try_from(std::mem::take(&mut state.free)).unwrap_or_default()
    }

    /// Takes a slot whether one is free or not: for an attempt that runs already.
    pub(crate) fn occupy(&self) {
        lock(&self.state).free -= 1;
    }

    /// Gives slots back.
    pub(crate) fn release(&self, count: usize) {
        lock(&self.state).free += isize::try_from(count).unwrap_or_default();
    }

    /// Lets nothing start any more.
    pub(crate) fn close(&self) {
        lock(&self.state).closed = true;
    }

    /// Free slots, and tasks in line.
    pub(crate) fn usage(&self) -> (isize, usize) {
        let state = lock(&self.state);
        (state.free, state.queue.len())
    }

    fn push(&self, task_id: TaskId, flow_id: Option<FlowId>) {
        let mut state = lock(&self.state);
        if state.queued.insert(task_id.clone()) {
            state.queue.push_back((task_id, flow_id));
        }
    }

    /// The next in the queue, with a slot taken for it.
    fn next(&self) -> Option<(TaskId, Option<FlowId>)> {
        let mut state = lock(&self.state);
        if state.closed || state.free <= 0 {
            return None;
        }
        let next = state.queue.pop_front()?;
        state.queued.remove(&next.0);
        state.free -= 1;
        Some(next)
    }
}

/// Slots taken for a decision. What no start has taken over is given back, even if the decision
/// panics or is broken off.
pub(crate) struct Reserved {
    engine: Engine,
    count: usize,
}

impl Reserved {
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Gives back all but `used`.
    pub(crate) fn keep(&mut self, used: usize) {
        let unused = self.count.saturating_sub(used);
        self.count -= unused;
        self.engine.release(unused);
    }

    /// The starts are durable: each attempt answers for its slot.
    pub(crate) fn spent(mut self) {
        self.count = 0;
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        match tokio::runtime::Handle::try_current() {
            Ok(_) => self.engine.release(self.count),
            // The runtime is gone: nothing starts any more.
            Err(_) => self.engine.inner.slots.release(self.count),
        }
    }
}

impl Engine {
    /// Puts a queued task in the line for a slot.
    pub(crate) fn enqueue(&self, task_id: TaskId, flow_id: Option<FlowId>) {
        let ours = match &flow_id {
            Some(flow_id) => self.drives(flow_id),
            None => self.drives_tasks(),
        };
        if ours {
            self.inner.slots.push(task_id, flow_id);
            self.pump();
        }
    }

    /// Claims queued tasks for the free slots. A claim that is refused (paused, cancelled) leaves
    /// the line; what lifts the obstacle queues it again.
    pub(crate) fn pump(&self) {
        while let Some((task_id, flow_id)) = self.inner.slots.next() {
            let (engine, slot) = (self.clone(), Reserved { engine: self.clone(), count: 1 });
            tokio::spawn(async move {
                match engine.claim(&task_id, flow_id.as_ref()).await {
                    Ok(()) => slot.spent(),
                    Err(error) => {
                        tracing::debug!(%task_id, %error, "a queued task was not claimed");
                    }
                }
            });
        }
    }

    /// Takes every free slot for a decision about something that this engine starts, if `ours`.
    pub(crate) fn reserve(&self, ours: bool) -> Reserved {
        let count = if ours { self.inner.slots.reserve() } else { 0 };
        Reserved { engine: self.clone(), count }
    }

    /// Gives slots back and lets the next ones start.
    pub(crate) fn release(&self, count: usize) {
        if count > 0 {
            self.inner.slots.release(count);
            self.pump();
        }
    }
}
