//! Slots and places: how many attempts may run at once, and who waits for one.

use crate::clock::now;
use crate::engine::{Engine, Scope, lock};
use clawflow_core::Millis;
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::queue::{LineView, Picker, QueueLimits, Standing, Waiting};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_store::StoreError;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// The free slots, the named queues and everybody who waits.
pub(crate) struct Slots {
    // One lock for all: a slot is free only if nobody waits who may start.
    picker: Mutex<Picker>,
    /// When the timers look next for those whom a rate holds.
    alarm: Mutex<Option<Millis>>,
}

impl Slots {
    pub(crate) fn new(free: usize, queues: &BTreeMap<String, QueueLimits>) -> Self {
        Self { picker: Mutex::new(Picker::new(free, queues.clone())), alarm: Mutex::default() }
    }

    /// Takes every free slot for a decision that is made now; 0 while others wait who may start.
    pub(crate) fn reserve(&self) -> usize {
        lock(&self.picker).reserve(now())
    }

    /// Takes a slot whether one is free or not: for an attempt that runs already.
    pub(crate) fn occupy(&self) {
        lock(&self.picker).occupy();
    }

    /// Gives slots back.
    pub(crate) fn release(&self, count: usize) {
        lock(&self.picker).release(count);
    }

    /// Lets nothing start any more.
    pub(crate) fn close(&self) {
        lock(&self.picker).close();
    }

    /// Free slots, and tasks in line.
    pub(crate) fn usage(&self) -> (isize, usize) {
        lock(&self.picker).usage()
    }

    /// Counts an attempt that executes only now as one more start of its queue: its claim was long
    /// ago.
    pub(crate) fn restarted(&self, queue: Option<&str>) {
        lock(&self.picker).restarted(queue, now());
    }

    /// When somebody may start for whom only a rate is in the way: the timers look then.
    pub(crate) fn set_alarm(&self) -> Option<Millis> {
        let mut alarm = lock(&self.alarm);
        *alarm = lock(&self.picker).next_at(now());
        *alarm
    }

    /// Whether the timers must look earlier than they would.
    fn is_alarm_late(&self) -> bool {
        let alarm = lock(&self.alarm);
        let next = lock(&self.picker).next_at(now());
        next.is_some_and(|next| alarm.is_none_or(|alarm| next < alarm))
    }

    /// Those of these tasks that have ended leave their line or their place. Says whether a place
    /// came free.
    pub(crate) fn over(&self, tasks: &[TaskId]) -> bool {
        let mut picker = lock(&self.picker);
        tasks.iter().filter(|task_id| picker.over(task_id)).count() > 0
    }

    pub(crate) fn line(&self, queue: Option<&str>, most: usize) -> LineView {
        lock(&self.picker).line(queue, now(), most)
    }

    /// Whether the task stands in line or has its place.
    pub(crate) fn has(&self, task_id: &TaskId) -> bool {
        lock(&self.picker).has(task_id)
    }

    pub(crate) fn standing(&self, task_id: &TaskId) -> Option<Standing> {
        lock(&self.picker).standing(task_id, now())
    }
}

/// The task as it stands in line.
pub(crate) fn waiting(task: &Task) -> Waiting {
    Waiting {
        task_id: task.task_id.clone(),
        flow_id: task.parent_flow_id.clone(),
        owner_key: task.owner_key.clone(),
        queue: task.queue.clone(),
        priority: task.priority,
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

/// The turn of a task: it has a slot, and a place in its queue until it ends. Where it does not
/// start, or its start panics, both are free again.
struct Turn {
    slot: Option<Reserved>,
    task: Waiting,
}

impl Turn {
    /// The start is durable.
    fn taken(mut self) {
        if let Some(slot) = self.slot.take() {
            let engine = slot.engine.clone();
            slot.spent();
            lock(&engine.inner.slots.picker).started(self.task.queue.as_deref(), now());
            engine.mind_rates();
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(slot) = self.slot.take() else { return };
        let (task, slots) = (&self.task, &slot.engine.inner.slots);
        lock(&slots.picker).refused(task.queue.as_deref(), &task.task_id);
        // The slot goes back after the place: the next one needs both.
        drop(slot);
    }
}

impl Engine {
    /// Puts a queued task in the line for a slot and a place in its queue.
    pub(crate) fn enqueue(&self, task: &Task) {
        if self.drives_task(task) {
            lock(&self.inner.slots.picker).push(waiting(task));
            self.pump();
        }
    }

    /// Claims queued tasks for the free slots. A claim that is refused (paused, cancelled) leaves
    /// the line; what lifts the obstacle queues it again.
    pub(crate) fn pump(&self) {
        self.start_next();
        self.mind_rates();
    }

    /// As [`Engine::pump`], by the timers, which mind the rates themselves.
    pub(crate) fn start_next(&self) {
        loop {
            let next = lock(&self.inner.slots.picker).next(now());
            let Some(task) = next else { break };
            let engine = self.clone();
            let slot = Some(Reserved { engine: self.clone(), count: 1 });
            tokio::spawn(async move {
                let turn = Turn { slot, task };
                let (task_id, flow_id) = (turn.task.task_id.clone(), turn.task.flow_id.clone());
                match engine.claim(&task_id, flow_id.as_ref()).await {
                    Ok(()) => turn.taken(),
                    Err(error) => {
                        tracing::debug!(%task_id, %error, "a queued task was not claimed");
                    }
                }
            });
        }
    }

    /// Has the timers look for those whom only a rate holds.
    fn mind_rates(&self) {
        if self.inner.slots.is_alarm_late() {
            self.inner.timer_hint.notify_one();
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

    /// The places of these tasks are free, and who waits for one starts.
    pub(crate) fn free_places(&self, ended: &[TaskId]) {
        if self.inner.slots.over(ended) {
            self.pump();
        }
    }

    /// Takes over from the store what queues have to know before anything of them starts: what
    /// runs, and what has started in the last period of their rates. Of what runs a foreground run
    /// counts its own only: nobody would tell it of the end of the others.
    pub(crate) fn recall_queues(&self) -> Result<(), StoreError> {
        for (name, limits) in &self.inner.settings.queues {
            let Some(rate) = limits.rate else { continue };
            let since = now().saturating_sub(rate.period_ms);
            let starts = self.inner.store.queue_starts(name, since, rate.count)?;
            lock(&self.inner.slots.picker).recall(name, starts);
        }
        if self.inner.scope == Scope::All {
            self.hold_places(None)?;
        }
        Ok(())
    }

    /// Gives what runs in queues its place: of one flow, or of all.
    pub(crate) fn hold_places(&self, only: Option<&FlowId>) -> Result<(), StoreError> {
        let running = match only {
            None => self.inner.store.tasks_in_queues(TaskStatus::Running)?,
            Some(flow_id) => {
                let open = self.inner.store.load(flow_id)?.map(|flow| flow.tasks);
                let open = open.unwrap_or_default().into_iter();
                open.filter(|t| t.status == TaskStatus::Running).map(|t| Task::clone(&t)).collect()
            }
        };
        let mut picker = lock(&self.inner.slots.picker);
        for task in running.iter().filter(|task| !task.reported) {
            if let Some(queue) = &task.queue {
                picker.hold(queue, &task.task_id);
            }
        }
        Ok(())
    }
}
