//! Attempts that this engine watches.

use crate::engine::lock;
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::task::Task;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, watch};

/// Which attempt: reports about it carry the fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) flow_id: Option<FlowId>,
    pub(crate) task_id: TaskId,
    pub(crate) fence: u64,
}

impl Attempt {
    pub(crate) fn of_flow(flow_id: &FlowId, task_id: TaskId, fence: u64) -> Self {
        Self { flow_id: Some(flow_id.clone()), task_id, fence }
    }

    pub(crate) fn of_task(task: &Task) -> Self {
        Self {
            flow_id: task.parent_flow_id.clone(),
            task_id: task.task_id.clone(),
            fence: task.fence,
        }
    }
}

/// Raised when the attempt is to be stopped; whoever has it answers for the attempt.
pub(crate) type Switch = watch::Receiver<bool>;

/// What a watcher is told by.
#[derive(Default)]
struct Watcher {
    /// To stop it.
    switch: watch::Sender<bool>,
    /// That a person has answered.
    told: Arc<Notify>,
    /// The task is queued for its next attempt, and waits for the watcher of the last one to leave.
    queued: bool,
}

/// The attempts that are watched or examined now, each with the switch that asks to stop it.
#[derive(Default)]
pub(crate) struct Running {
    // Short critical sections without awaits: a std mutex.
    switches: Mutex<HashMap<TaskId, Watcher>>,
}

impl Running {
    /// Registers an attempt; `None` if somebody answers for it already.
    pub(crate) fn enter(&self, task_id: &TaskId) -> Option<Switch> {
        let mut switches = lock(&self.switches);
        if switches.contains_key(task_id) {
            return None;
        }
        let watcher = Watcher::default();
        let receiver = watcher.switch.subscribe();
        switches.insert(task_id.clone(), watcher);
        Some(receiver)
    }

    /// Nobody answers for the attempt any more. Says whether the task is to be put in line now.
    #[must_use]
    pub(crate) fn leave(&self, task_id: &TaskId) -> bool {
        lock(&self.switches).remove(task_id).is_some_and(|watcher| watcher.queued)
    }

    /// Has a queued task wait for who answers for its last attempt; `false` if nobody does.
    pub(crate) fn queue_later(&self, task_id: &TaskId) -> bool {
        let mut switches = lock(&self.switches);
        let watcher = switches.get_mut(task_id);
        watcher.map(|watcher| watcher.queued = true).is_some()
    }

    /// Asks the watcher to stop the attempt; `false` if nobody watches it.
    pub(crate) fn stop(&self, task_id: &TaskId) -> bool {
        match lock(&self.switches).get(task_id) {
            Some(watcher) => {
                watcher.switch.send_replace(true);
                true
            }
            None => false,
        }
    }

    /// Whether somebody answers for the attempt now.
    pub(crate) fn is_watched(&self, task_id: &TaskId) -> bool {
        lock(&self.switches).contains_key(task_id)
    }

    /// What wakes the watcher when a person has answered its agent.
    pub(crate) fn told(&self, task_id: &TaskId) -> Arc<Notify> {
        let switches = lock(&self.switches);
        switches.get(task_id).map(|watcher| watcher.told.clone()).unwrap_or_default()
    }

    pub(crate) fn len(&self) -> usize {
        lock(&self.switches).len()
    }

    /// The tasks whose attempts these are.
    pub(crate) fn tasks(&self) -> Vec<TaskId> {
        lock(&self.switches).keys().cloned().collect()
    }
}
