//! The rows and lines of history that a decision leaves, whoever drives its flow.

use crate::delivery::{Delivery, DeliveryState, owed};
use crate::drive::Ctx;
use crate::effect::Effect;
use crate::event::Event;
use crate::flow::{Flow, FlowStatus};
use crate::ids::{SignalId, TaskId, WaitId};
use crate::task::Task;
use crate::unit::{Change, Guard, Unit};
use crate::wait::{Wait, WaitState};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rows by id, shared until they are changed.
type By<K, R> = BTreeMap<K, Arc<R>>;
/// Open tasks.
pub(crate) type Tasks = By<TaskId, Task>;
/// Open waits.
pub(crate) type Waits = By<WaitId, Wait>;

/// Whether the flow's row is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlowChange {
    /// It is new.
    Inserted,
    /// If it differs.
    Compared,
    /// In any case: it was moved, be it back to where it was.
    Moved,
}

/// The flow's row before and after.
pub(crate) struct FlowRow<'a> {
    pub(crate) was: &'a Flow,
    pub(crate) flow: &'a mut Flow,
    pub(crate) change: FlowChange,
}

/// What was touched. The flow's row and the open rows are the draft's; those that ended are no
/// longer there but still to be written.
#[derive(Default)]
pub(crate) struct Rows {
    tasks: Tasks,
    waits: Waits,
    events: Vec<Event>,
    /// Positions of the events that tell of the flow's row: they are given its revision.
    of_flow: Vec<usize>,
    corrected: Vec<Change<Arc<Task>>>,
    deliveries: Vec<Delivery>,
    /// Kept signals that a wait has taken.
    pub(crate) taken: Vec<SignalId>,
    pub(crate) effects: Vec<Effect>,
}

impl Rows {
    /// A new or changed task; `open` keeps it as long as it has not ended.
    pub(crate) fn put_task(&mut self, open: &mut Tasks, task: Task) {
        let id = task.task_id.clone();
        let row = Arc::new(task);
        if row.status.is_terminal() {
            open.remove(&id);
        } else {
            open.insert(id.clone(), row.clone());
        }
        self.tasks.insert(id, row);
    }

    /// The task as it was last put.
    pub(crate) fn task(&self, id: &TaskId) -> Option<&Arc<Task>> {
        self.tasks.get(id)
    }

    /// The task that was put, of a flow with one task.
    pub(crate) fn newest_task(&self) -> Option<&Arc<Task>> {
        self.tasks.values().next_back()
    }

    /// A new or changed wait; `open` keeps it as long as it is open.
    pub(crate) fn put_wait(&mut self, open: &mut Waits, wait: Wait) {
        let id = wait.wait_id.clone();
        let row = Arc::new(wait);
        if row.state == WaitState::Open {
            open.insert(id.clone(), row.clone());
        } else {
            open.remove(&id);
        }
        self.waits.insert(id, row);
    }

    /// A line of history of the flow.
    pub(crate) fn event(
        &mut self,
        flow: &Flow,
        last_event: &mut u64,
        ctx: &Ctx,
        (kind, step, task): (&str, Option<&str>, Option<&TaskId>),
        data: Value,
    ) {
        *last_event += 1;
        self.events.push(Event {
            subject: flow.flow_id.0.clone(),
            owner_key: flow.owner_key.clone(),
            number: *last_event,
            at: ctx.now,
            actor: ctx.actor.map(str::to_owned),
            kind: kind.to_owned(),
            step_id: step.map(str::to_owned),
            task_id: task.map(|id| id.0.clone()),
            data,
        });
    }

    /// Marks the newest line as one that tells of the flow's row: it gets the row's revision.
    pub(crate) fn tells_of_flow(&mut self) {
        self.of_flow.extend(self.events.len().checked_sub(1));
    }

    /// Says in the first line, which tells of the flow's creation, where it stood after that.
    pub(crate) fn was_created(&mut self, status: FlowStatus) {
        if let Some(created) = self.events.first_mut() {
            created.data["to"] = json!(status);
        }
    }

    /// Messages that are owed from now on.
    pub(crate) fn owe(&mut self, deliveries: Vec<Delivery>) {
        self.deliveries.extend(deliveries);
    }

    /// A change of a task that had ended before: its outcome was lost and has turned up.
    pub(crate) fn correct(&mut self, was: &Task, mut task: Task) -> Arc<Task> {
        task.version = was.version + 1;
        let row = Arc::new(task);
        self.corrected.push(Change { expected: Some(was.version), row: row.clone() });
        row
    }

    /// The unit: the flow's row if that has changed, all that was put, and what is owed for it. The
    /// row and the open rows get their versions.
    pub(crate) fn finish(
        mut self,
        row: FlowRow<'_>,
        tasks: (&Tasks, &mut Tasks),
        waits: (&Waits, &mut Waits),
        ctx: &mut Ctx,
    ) -> (Unit, Vec<Effect>) {
        let FlowRow { was, flow, change } = row;
        let mut unit = Unit::default();
        if change == FlowChange::Inserted {
            unit.flows.push(Change { expected: None, row: flow.clone() });
        } else if change == FlowChange::Moved || *flow != *was {
            flow.revision = was.revision + 1;
            flow.updated_at = ctx.now.max(was.updated_at);
            unit.flows.push(Change { expected: Some(was.revision), row: flow.clone() });
        } else {
            let guard = Guard { flow_id: was.flow_id.clone(), revision: was.revision };
            unit.guards.push(guard);
        }
        for at in std::mem::take(&mut self.of_flow) {
            let data = &mut self.events[at].data;
            if data.is_null() {
                *data = json!({});
            }
            data["revision"] = json!(flow.revision);
        }
        unit.tasks = write(self.tasks, tasks, |task| &mut task.version);
        unit.tasks.append(&mut self.corrected);
        unit.waits = write(self.waits, (waits.0, &mut *waits.1), |wait| &mut wait.version);
        unit.events = self.events;
        unit.taken = self.taken;
        let mut owed = self.deliveries;
        owed.extend(owed::of_flow(was, flow, change, waits.1, ctx));
        if owed.iter().any(|one| one.state == DeliveryState::Pending) {
            self.effects.push(Effect::Timer);
        }
        unit.deliveries = owed.into_iter().map(|row| Change { expected: None, row }).collect();
        (unit, self.effects)
    }
}

/// The changes of the rows that were put, each with its next version. A change back to what was is
/// none: it leaves the version alone.
fn write<K: Ord, R: Clone + PartialEq>(
    put: By<K, R>,
    (was, open): (&By<K, R>, &mut By<K, R>),
    version: impl Fn(&mut R) -> &mut u64,
) -> Vec<Change<Arc<R>>> {
    let mut changes = Vec::with_capacity(put.len());
    for (id, mut row) in put {
        let before = was.get(&id);
        if before == Some(&row) {
            continue;
        }
        let version = version(Arc::make_mut(&mut row));
        let expected = before.map(|_| *version);
        *version = expected.map_or(0, |v| v + 1);
        if let Some(open) = open.get_mut(&id) {
            *open = row.clone();
        }
        changes.push(Change { expected, row });
    }
    changes
}
