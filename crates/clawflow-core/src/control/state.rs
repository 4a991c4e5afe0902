//! What a decision about a flow that code drives looks at and what it leaves.

use crate::effect::Effect;
use crate::flow::{Flow, OnChildrenDone};
use crate::ids::{TaskId, WaitId};
use crate::task::{Task, TaskStatus, TerminalOutcome, Usage};
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ended {
    /// All that have ended.
    total: u64,
    /// Those of them that did not end well: neither `failed`, `timed_out`, `cancelled`, `lost` nor
    /// a success with the outcome `blocked` is.
    bad: BTreeSet<TaskId>,
    /// Those that another child has tried again: how that one ended is what counts.
    retried: BTreeSet<TaskId>,
    /// What all of them have used.
    used: Option<Usage>,
}

impl Ended {
    /// Counts a child that has ended.
    pub fn count(&mut self, task: &Task) {
        self.total += 1;
        self.used = Usage::sum(self.used.take(), task.usage.clone());
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

    /// The true end of a child that was counted as lost has turned up. What it told of its use
    /// beyond what was known then is added; that is never less.
    pub(super) fn correct(&mut self, was: &Task, task: &Task) {
        if is_good(task) {
            self.bad.remove(&task.task_id);
        }
        let more = Usage::more(was.usage.as_ref(), task.usage.as_ref());
        self.used = Usage::sum(self.used.take(), more);
    }
}

/// Whether an ended task reached its aim.
pub(super) fn is_good(task: &Task) -> bool {
    task.status == TaskStatus::Succeeded && task.terminal_outcome != Some(TerminalOutcome::Blocked)
}

impl ControlState {
    /// What its children have used, those at work and, where they are counted, those that ended.
    #[must_use]
    pub fn used(&self) -> Option<Usage> {
        let open = self.tasks.values().filter_map(|task| task.usage.clone());
        open.fold(self.ended.used.clone(), |sum, one| Usage::sum(sum, Some(one)))
    }

    /// Whether decisions about this flow look at its earlier children: at how they ended, or at
    /// what they used.
    #[must_use]
    pub fn counts_ended(flow: &Flow) -> bool {
        flow.budget.is_some()
            || matches!(
                flow.on_children_done,
                Some(OnChildrenDone::Finish | OnChildrenDone::FailFast)
            )
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
