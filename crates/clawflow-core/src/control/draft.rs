//! A working copy of a flow that code drives, which knows what was changed.

use super::budget::{self, is_of_budget};
use super::permission::{self, is_of_agent};
use super::state::{ControlDecision, ControlState};
use crate::delivery::{Delivery, owed};
use crate::drive::Ctx;
use crate::effect::Effect;
use crate::error::Refusal;
use crate::flow::{Flow, Moved, check_driver, check_revision, check_tasks, parked};
use crate::ids::{TaskId, WaitId};
use crate::rows::{FlowChange, FlowRow, Rows};
use crate::signal::Signal;
use crate::task::{Task, TaskMove};
use crate::wait::{Wait, WaitState};
use serde_json::{Value, json};
use std::sync::Arc;

/// A working copy. Rows are shared with the state that it came from until they are changed.
pub(super) struct Draft<'a, 'c> {
    was: &'a ControlState,
    pub(super) state: ControlState,
    pub(super) ctx: &'a mut Ctx<'c>,
    rows: Rows,
    change: FlowChange,
    task: Option<Arc<Task>>,
    pub(super) waits: Vec<WaitId>,
}

impl<'a, 'c> Draft<'a, 'c> {
    pub(super) fn new(was: &'a ControlState, ctx: &'a mut Ctx<'c>) -> Self {
        Self {
            was,
            state: was.clone(),
            ctx,
            rows: Rows::default(),
            change: FlowChange::Compared,
            task: None,
            waits: Vec::new(),
        }
    }

    /// A draft of a flow that is not there yet.
    pub(super) fn create(was: &'a ControlState, ctx: &'a mut Ctx<'c>) -> Self {
        Self { change: FlowChange::Inserted, ..Self::new(was, ctx) }
    }

    /// A draft for a command that fits every open flow that code drives, also one that is to be
    /// cancelled.
    pub(super) fn open(
        was: &'a ControlState,
        ctx: &'a mut Ctx<'c>,
        expected_revision: Option<u64>,
    ) -> Result<Self, Refusal> {
        check_driver(&was.flow)?;
        Self::open_any(was, ctx, expected_revision)
    }

    /// As [`Draft::open`], for what is about tasks and fits a flow that mirrors one too.
    pub(super) fn open_tasks(
        was: &'a ControlState,
        ctx: &'a mut Ctx<'c>,
        expected_revision: Option<u64>,
    ) -> Result<Self, Refusal> {
        check_tasks(&was.flow)?;
        Self::open_any(was, ctx, expected_revision)
    }

    fn open_any(
        was: &'a ControlState,
        ctx: &'a mut Ctx<'c>,
        expected_revision: Option<u64>,
    ) -> Result<Self, Refusal> {
        check_revision(&was.flow, expected_revision)?;
        if was.flow.is_terminal() {
            return Err(Refusal::terminal(was.flow.status));
        }
        Ok(Self::new(was, ctx))
    }

    pub(super) fn now(&self) -> i64 {
        self.ctx.now
    }

    pub(super) fn cancelling(&self) -> bool {
        self.state.flow.cancel_requested_at.is_some()
    }

    /// Writes a line of history about a child or a wait.
    pub(super) fn event(&mut self, kind: &str, task: Option<&TaskId>, data: Value) {
        let ControlState { flow, last_event, .. } = &mut self.state;
        self.rows.event(flow, last_event, self.ctx, (kind, None, task), data);
    }

    /// Takes over what a move of the flow's row has left, with its line of history.
    pub(super) fn apply(&mut self, moved: Moved) {
        self.apply_about(moved, None);
    }

    /// As [`Draft::apply`], with the task that it is about.
    pub(super) fn apply_about(&mut self, moved: Moved, task: Option<&TaskId>) {
        let Moved { flow, event } = moved;
        let from = self.state.flow.status;
        // The revision of the unit's one change of the row is given by its end.
        let Flow { revision, updated_at, .. } = self.was.flow;
        self.state.flow = Flow { revision, updated_at, ..flow };
        let Some((kind, mut data)) = event else { return };
        let to = self.state.flow.status;
        if from != to || kind == "flow.created" {
            if data.is_null() {
                data = json!({});
            }
            if kind != "flow.created" {
                data["from"] = json!(from);
            }
            data["to"] = json!(to);
            if self.change == FlowChange::Compared {
                self.change = FlowChange::Moved;
            }
        }
        self.event(kind, task, data);
        self.rows.tells_of_flow();
        if self.cancelling() || self.state.flow.is_terminal() {
            budget::give_up(self);
            permission::give_up(self);
        }
        let was_over = self.change != FlowChange::Inserted && self.was.flow.is_terminal();
        if self.state.flow.is_terminal() && !was_over {
            let ended = Effect::Ended(self.state.flow.flow_id.clone());
            self.effect(ended);
        }
    }

    /// Writes a line of history that tells of a change of the flow's row.
    pub(super) fn flow_event(&mut self, kind: &str, data: Value) {
        self.event(kind, None, data);
        self.rows.tells_of_flow();
    }

    /// Something to do after the commit.
    pub(super) fn effect(&mut self, effect: Effect) {
        self.rows.effects.push(effect);
    }

    /// Messages that are owed.
    pub(super) fn owe(&mut self, deliveries: Vec<Delivery>) {
        self.rows.owe(deliveries);
    }

    /// Takes a signal that was kept for whoever waits for it first.
    pub(super) fn take(&mut self, signal: &Signal) {
        self.rows.taken.push(signal.signal_id.clone());
    }

    /// The revision of the row once this is committed, as far as it is decided.
    pub(super) fn next_revision(&self) -> u64 {
        let moved = self.change == FlowChange::Moved || self.state.flow != self.was.flow;
        self.was.flow.revision + u64::from(moved)
    }

    /// A new or changed child.
    pub(super) fn put_task(&mut self, task: Task) {
        self.rows.put_task(&mut self.state.tasks, task);
    }

    /// Says which child the command is about.
    pub(super) fn about(&mut self, task: &TaskId) {
        self.task = self.rows.task(task).or_else(|| self.state.tasks.get(task)).cloned();
    }

    /// A child that has ended in this draft.
    pub(super) fn ended_task(&self, id: &TaskId) -> Option<Arc<Task>> {
        self.rows.task(id).filter(|task| task.status.is_terminal()).cloned()
    }

    /// The task that the decision has changed so far, of a flow with one task.
    pub(super) fn touched(&self) -> Option<Arc<Task>> {
        self.rows.newest_task().or(self.task.as_ref()).cloned()
    }

    /// A child whose outcome was lost and has turned up.
    pub(super) fn correct_task(&mut self, was: &Task, now: Task) {
        self.task = Some(self.rows.correct(was, now));
    }

    /// Ends a child: its row, what is owed for it and the count. What follows for the flow is the
    /// caller's.
    pub(super) fn end_task(
        &mut self,
        id: &TaskId,
        how: TaskMove,
        change: impl FnOnce(&mut Task),
    ) -> Result<Task, Refusal> {
        let Some(task) = self.state.tasks.get(id) else {
            return Err(Refusal::state("end", "no open task"));
        };
        let mut task = Task::clone(task);
        task.status = crate::task::next_status(task.status, how)?;
        task.ended_at = Some(self.ctx.now.max(task.started_at.unwrap_or(task.created_at)));
        task.last_event_at = self.ctx.now;
        change(&mut task);
        let deliveries = owed::of_task(&mut task, self.ctx);
        self.owe(deliveries);
        self.state.ended.count(&task);
        self.put_task(task.clone());
        permission::void(self, id);
        Ok(task)
    }

    /// A new or changed wait.
    pub(super) fn put_wait(&mut self, wait: Wait) {
        self.rows.put_wait(&mut self.state.waits, wait);
    }

    /// Closes a wait.
    pub(super) fn close_wait(&mut self, wait: &Wait, to: WaitState, answer: Option<&Answered>) {
        let mut wait = wait.clone();
        wait.state = to;
        wait.closed_at = Some(self.ctx.now);
        if let Some(Answered { value, by }) = answer {
            wait.answer = Some(value.clone());
            wait.answered_by.clone_from(by);
        }
        self.put_wait(wait);
    }

    /// Takes over a move that parks the flow, and gives up what it waited for before. That is a
    /// change of the flow's row, even if that stays the same, if it waits for something else then:
    /// the revision stands for that too.
    pub(super) fn park(&mut self, mut moved: Moved, opens: bool) {
        let waits_anew = opens || self.state.waits.values().any(is_of_controller);
        if waits_anew {
            moved.event = moved.event.or_else(|| Some(parked(&moved.flow)));
        }
        self.apply(moved);
        if waits_anew && self.change == FlowChange::Compared {
            self.change = FlowChange::Moved;
        }
        self.close_waits();
    }

    /// Gives up all that the flow as a whole waits for: it has moved on.
    pub(super) fn close_waits(&mut self) {
        let open = self.state.waits.values().filter(|wait| is_of_controller(wait));
        for wait in open.cloned().collect::<Vec<_>>() {
            self.event("wait.cancelled", None, json!({ "waitId": wait.wait_id }));
            self.close_wait(&wait, WaitState::Cancelled, None);
        }
    }

    /// The decision: what differs between the draft and the state that it came from.
    pub(super) fn finish(mut self) -> ControlDecision {
        super::mirror::follow(&mut self);
        let Self { was, mut state, ctx, rows, change, task, waits } = self;
        let row = FlowRow { was: &was.flow, flow: &mut state.flow, change };
        let tasks = (&was.tasks, &mut state.tasks);
        let (unit, effects) = rows.finish(row, tasks, (&was.waits, &mut state.waits), ctx);
        // The row has its version now.
        let task = task.map(|task| {
            let written = unit.tasks.iter().find(|one| one.row.task_id == task.task_id);
            written.map_or(task, |one| one.row.clone())
        });
        ControlDecision { unit, state, effects, task, waits }
    }
}

/// Whether the controller waits by this one: its next move gives it up.
fn is_of_controller(wait: &Arc<Wait>) -> bool {
    wait.step_id.is_none() && !is_of_budget(wait) && !is_of_agent(wait)
}

/// An answer, and who gave it.
pub(super) struct Answered {
    pub(super) value: Value,
    pub(super) by: Option<String>,
}
