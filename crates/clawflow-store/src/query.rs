//! What stores are asked, and what they answer.

use clawflow_core::Millis;
use clawflow_core::delivery::{Delivery, DeliveryState, RouteKind, is_like};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::ids::{DeliveryId, FlowId, TaskId, WaitId};
use clawflow_core::spec::FlowSpec;
use clawflow_core::step::Step;
use clawflow_core::task::{Runtime, Task, TaskStatus};
use clawflow_core::wait::Wait;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Fewest characters by which a part of an id is looked for.
pub const FIND_CHARS_MIN: usize = 8;
/// Most records that a word may stand for.
pub const FIND_MAX: usize = 10;

/// All that a decision about a flow needs.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowBundle {
    /// The flow.
    pub flow: Flow,
    /// Its inputs, where the engine drives it.
    pub spec: Option<FlowSpec>,
    /// The text of its workflow file.
    pub source: Option<String>,
    /// All its steps, by position.
    pub steps: Vec<Arc<Step>>,
    /// Its tasks that have not ended, by id.
    pub tasks: Vec<Arc<Task>>,
    /// Its open waits, by id.
    pub waits: Vec<Arc<Wait>>,
    /// The number of its newest event; 0: none.
    pub last_event: u64,
}

/// Which flows to list. Newest first, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowFilter {
    /// Only these states; empty: all.
    pub statuses: Vec<FlowStatus>,
    /// Only live flows and those that ended at this time or later.
    pub live_or_ended_since: Option<Millis>,
    /// Only flows created at this time or later.
    pub created_since: Option<Millis>,
    /// Only flows of this owner.
    pub owner_key: Option<String>,
    /// Only flows of the workflow with this name.
    pub name: Option<String>,
    /// Only flows that have all of these labels.
    pub labels: BTreeMap<String, String>,
    /// Only flows that were tried again by another flow, or only those that were not.
    pub retried: Option<bool>,
    /// Only child flows of this flow.
    pub parent_flow_id: Option<FlowId>,
    /// Only flows before this id: the last one of the page before.
    pub after: Option<FlowId>,
    /// At most so many; 0 means none.
    pub limit: usize,
}

impl FlowFilter {
    /// Whether more of a flow must be looked at than its state, its times and its owner.
    pub(crate) fn looks_inside(&self) -> bool {
        self.name.is_some() || !self.labels.is_empty() || self.retried.is_some()
    }

    /// Whether name and labels are as they are asked for.
    pub(crate) fn names(&self, flow: &Flow) -> bool {
        let has = |(name, value): (&String, &String)| flow.labels.get(name) == Some(value);
        (self.name.is_none() || self.name == flow.name) && self.labels.iter().all(has)
    }
}

/// One line of a list of flows.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowRow {
    /// The flow.
    pub flow: Flow,
    /// Its tasks that have not ended.
    pub tasks_active: u64,
    /// All its tasks.
    pub tasks_total: u64,
}

/// How many flows there are, over all owners or one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowCounts {
    /// By status.
    pub by_status: BTreeMap<FlowStatus, u64>,
    /// Live flows whose cancel was requested.
    pub cancel_requested: u64,
}

/// Which tasks to list. Newest first, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// Only these states; empty: all.
    pub statuses: Vec<TaskStatus>,
    /// Only on these runtimes; empty: all.
    pub runtimes: Vec<Runtime>,
    /// Only tasks with this label.
    pub label: Option<String>,
    /// Only tasks of this flow.
    pub flow_id: Option<FlowId>,
    /// Only tasks of this owner.
    pub owner_key: Option<String>,
    /// Only tasks created at this time or later.
    pub created_since: Option<Millis>,
    /// Only tasks before this id.
    pub after: Option<TaskId>,
    /// At most so many; 0 means none.
    pub limit: usize,
}

/// Whose records are looked at; `*` in a key stands for any text. As it is made, everybody's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners {
    /// Only those that are like this.
    pub only: Option<String>,
    /// None that is like one of these.
    pub except: Vec<String>,
}

impl Owners {
    /// Whether records of this owner are looked at.
    #[must_use]
    pub fn has(&self, owner_key: &str) -> bool {
        let only = self.only.as_deref();
        only.is_none_or(|only| is_like(owner_key, only))
            && !self.except.iter().any(|one| is_like(owner_key, one))
    }
}

/// A task without a flow that has ended, and where its logs are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedTask {
    /// The task.
    pub task_id: TaskId,
    /// The boot in which it ran; absent, if it never did here.
    pub boot_id: Option<String>,
    /// Its fence.
    pub fence: u64,
}

/// Which events to list. Oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only the history of this flow or task.
    pub subject: Option<String>,
    /// Only the history of this owner's flows and tasks.
    pub owner_key: Option<String>,
    /// Only events after this position: the event's number where a subject is named, else its seq.
    pub after: u64,
    /// At most so many; 0 means none.
    pub limit: usize,
}

/// What a gateway has to look at when it starts. A cancel that is under way is none of it: what it
/// still stops are tasks and child flows, and the end of the last one ends the flow in that unit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// Tasks that are queued or running, oldest first, with their flow; those left out that their
    /// callers run.
    pub tasks: Vec<(TaskId, TaskStatus, Option<FlowId>)>,
    /// Open waits for child flows, by flow and id.
    pub children: Vec<Wait>,
}

/// How many tasks a flow has, by status and runtime; what is not there counts 0.
pub type TaskCounts = BTreeMap<(TaskStatus, Runtime), u64>;

/// Which deliveries to list. Newest first, by id, unless told otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Only of this owner.
    pub owner_key: Option<String>,
    /// Only about this flow.
    pub flow_id: Option<FlowId>,
    /// Only about this task.
    pub task_id: Option<TaskId>,
    /// Only these states; empty: all.
    pub states: Vec<DeliveryState>,
    /// Only on routes of this kind.
    pub route: Option<RouteKind>,
    /// Only those beyond this id: the last one of the page before.
    pub after: Option<DeliveryId>,
    /// Oldest first.
    pub oldest_first: bool,
    /// At most so many; 0 means none.
    pub limit: usize,
}

impl DeliveryFilter {
    /// Whether the delivery belongs to the list, on whichever page.
    pub(crate) fn wants(&self, row: &Delivery) -> bool {
        let is_beyond = |after: &DeliveryId| match self.oldest_first {
            true => row.delivery_id > *after,
            false => row.delivery_id < *after,
        };
        self.owner_key.as_ref().is_none_or(|owner| *owner == row.owner_key)
            && self.flow_id.as_ref().is_none_or(|id| row.flow_id.as_ref() == Some(id))
            && self.task_id.as_ref().is_none_or(|id| row.task_id.as_ref() == Some(id))
            && (self.states.is_empty() || self.states.contains(&row.state))
            && self.route.is_none_or(|route| route == row.route)
            && self.after.as_ref().is_none_or(is_beyond)
    }
}

/// Something whose time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// When it was due.
    pub at: Millis,
    /// Whose it is.
    pub flow_id: FlowId,
    /// What it is.
    pub what: DueWhat,
}

/// What has become due.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DueWhat {
    /// A step's next attempt.
    Retry(String),
    /// An open wait's deadline.
    Wait(WaitId),
}

impl Due {
    /// The order of timers: by time; at the same time by flow, steps before waits, by id.
    #[must_use]
    pub fn order(a: &Self, b: &Self) -> std::cmp::Ordering {
        fn key(due: &Due) -> (Millis, &FlowId, bool, &str) {
            match &due.what {
                DueWhat::Retry(step) => (due.at, &due.flow_id, false, step),
                DueWhat::Wait(wait) => (due.at, &due.flow_id, true, wait.as_str()),
            }
        }
        key(a).cmp(&key(b))
    }
}
