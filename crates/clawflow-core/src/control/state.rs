//! What a decision about a flow that code drives looks at and what it leaves.

use crate::effect::Effect;
use crate::flow::{Flow, OnChildrenDone};
use crate::ids::{TaskId, WaitId};
use crate::task::{Task, TaskStatus, TerminalOutcome};
use crate::unit::Unit;
use crate::wait::Wait;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A flow that code drives, with all that the engine looks after for it.
#[derive(Clone, Debug)]
pub struct ControlState {
    /// The record.
    pub flow: Flow,
    /// Its children that have not ended.
    pub tasks: BTreeMap<TaskId, Arc<Task>>,
    /// Its open waits.
    pub waits: BTreeMap<WaitId, Arc<Wait>>,
    /// How its other children ended. Only looked at where [`ControlState::counts_ended`] says so:
    /// else it may be left at zero.
    pub ended: Ended,
    /// Number of its newest event.
    pub last_event: u64,
}

/// How the children of a flow that have ended did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// All that have ended.
    total: u64,
    /// Those of them that did not end well: neither `failed`, `timed_out`, `cancelled`, `lost` nor
    /// a success with the outcome `blocked` is.
    bad: BTreeSet<TaskId>,
    /// Those that another child has tried again: how that one ended is what counts.
    retried: BTreeSet<TaskId>,
}

impl Ended {
    /// Counts a child that has ended.
    pub fn count(&mut self, task: &Task) {
        self.total += 1;
        self.retried.extend(task.parent_task_id.clone());
        if !is_good(task) {
            self.bad.insert(task.task_id.clone());
        }
    }

    /// How many children did not end well, of how many. One that was tried again is one with what
    /// tried it.
    #[must_use]
    pub fn bad_of_all(&self) -> (u64, u64) {
        let replaced = self.bad.intersection(&self.retried).count() as u64;
        (self.bad.len() as u64 - replaced, self.total - replaced)
    }

    /// A child that was counted as bad has ended well after all.
    pub(super) fn correct(&mut self, task_id: &TaskId) {
        self.bad.remove(task_id);
    }
}

/// Whether an ended task reached its aim.
pub(super) fn is_good(task: &Task) -> bool {
    task.status == TaskStatus::Succeeded && task.terminal_outcome != Some(TerminalOutcome::Blocked)
}

impl ControlState {
    /// Whether decisions about this flow look at how its earlier children ended.
    #[must_use]
    pub fn counts_ended(flow: &Flow) -> bool {
        matches!(flow.on_children_done, Some(OnChildrenDone::Finish | OnChildrenDone::FailFast))
    }
}

/// What a decision leaves.
#[derive(Clone, Debug)]
pub struct ControlDecision {
    /// To be committed; messages that are owed are in it.
    pub unit: Unit,
    /// The state once it is.
    pub state: ControlState,
    /// To be carried out then.
    pub effects: Vec<Effect>,
    /// The child that the command was about, as it is then.
    pub task: Option<Arc<Task>>,
    /// The waits that the command opened or that it resolved.
    pub waits: Vec<WaitId>,
}
