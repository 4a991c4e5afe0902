//! A working copy of a flow that knows what was changed.

use super::scope::FlowScope;
use super::state::{Ctx, Decision, FlowState};
use crate::definition::{OnError, Phase, StepDef};
use crate::effect::Effect;
use crate::error::Refusal;
use crate::event::Event;
use crate::flow::FlowMove;
use crate::ids::{TaskId, WaitId};
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use crate::step::{Step, StepError, StepStatus, may_follow};
use crate::task::{Task, TaskMove, TaskStatus};
use crate::unit::{Change, Guard, Unit};
use crate::wait::{Wait, WaitState};
use serde_json::{Value, json};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Steps up to which a reference is found by looking at each: an index would cost more.
const SCAN_STEPS_MAX: usize = 64;

/// A working copy. Rows are shared with the state that it came from until they are changed.
pub(crate) struct Draft<'a, 'c> {
    pub(crate) was: &'a FlowState,
    pub(crate) state: FlowState,
    pub(crate) ctx: &'a mut Ctx<'c>,
    pub(crate) slots: usize,
    /// Whether a failure has stopped the flow: nothing forward starts any more.
    pub(crate) stopping: bool,
    /// Whether a step failed with `skip_rest`: what has not begun never will.
    pub(crate) skipping: bool,
    /// Bytes of the outputs' entries, counted when the first one is kept: the bag may have as many
    /// entries as the flow has steps, and is not measured anew for each.
    pub(super) outputs_bytes: Option<usize>,
    /// Positions of the steps by their ids, for references in large flows.
    by_id: OnceCell<Vec<usize>>,
    /// Tasks touched: those that ended are no longer in `state.tasks` but still to be written.
    tasks: BTreeMap<TaskId, Arc<Task>>,
    waits: BTreeMap<WaitId, Arc<Wait>>,
    events: Vec<Event>,
    pub(crate) effects: Vec<Effect>,
}

impl<'a, 'c> Draft<'a, 'c> {
    pub(crate) fn new(was: &'a FlowState, ctx: &'a mut Ctx<'c>) -> Self {
        let slots = ctx.slots;
        let failed_with = |wanted: OnError| {
            was.steps.iter().zip(&was.definition.steps).any(|(step, def)| {
                step.status == StepStatus::Failed
                    && def.phase == Phase::Forward
                    && def.on_error == wanted
            })
        };
        Self {
            was,
            state: was.clone(),
            ctx,
            slots,
            // The failure of a fallback is its step's: the fallback's own `on_error` says what it
            // means, so each step can be looked at alone.
            stopping: failed_with(OnError::Stop),
            skipping: failed_with(OnError::SkipRest),
            outputs_bytes: None,
            by_id: OnceCell::new(),
            tasks: BTreeMap::new(),
            waits: BTreeMap::new(),
            events: Vec::new(),
            effects: Vec::new(),
        }
    }

    /// A draft for a command that an ended flow refuses.
    pub(crate) fn open(was: &'a FlowState, ctx: &'a mut Ctx<'c>) -> Result<Self, Refusal> {
        if was.flow.is_terminal() {
            return Err(Refusal::terminal(was.flow.status));
        }
        Ok(Self::new(was, ctx))
    }

    pub(crate) fn now(&self) -> i64 {
        self.ctx.now
    }

    pub(crate) fn def(&self, at: usize) -> &StepDef {
        &self.state.definition.steps[at]
    }

    pub(crate) fn step(&self, at: usize) -> &Step {
        &self.state.steps[at]
    }

    pub(crate) fn step_mut(&mut self, at: usize) -> &mut Step {
        Arc::make_mut(&mut self.state.steps[at])
    }

    /// Moves the step to another status: the only way in which one changes.
    pub(crate) fn set_status(&mut self, at: usize, status: StepStatus) {
        let from = self.step(at).status;
        debug_assert!(may_follow(from, status), "a step goes from {from} to {status}");
        self.step_mut(at).status = status;
    }

    /// What references see, in the attempt that is being prepared.
    pub(crate) fn scope(&self, attempt: u32) -> FlowScope<'_> {
        let by_id = (self.state.steps.len() > SCAN_STEPS_MAX).then(|| {
            let by_id = self.by_id.get_or_init(|| {
                let mut all: Vec<usize> = (0..self.state.steps.len()).collect();
                all.sort_unstable_by_key(|at| &self.state.steps[*at].step_id);
                all
            });
            by_id.as_slice()
        });
        FlowScope { state: &self.state, attempt, by_id }
    }

    /// Whether starts of this step are held back. Once a cancel was requested the unwinding goes on
    /// even while paused: it must come to its end.
    pub(crate) fn is_held(&self, at: usize) -> bool {
        let unwinding = self.def(at).phase == Phase::Finally && self.cancelling();
        self.state.flow.paused_at.is_some() && !unwinding
    }

    /// The position of the step with this id.
    pub(crate) fn position(&self, step_id: &str) -> Option<usize> {
        self.state.steps.iter().position(|s| s.step_id == step_id)
    }

    pub(crate) fn cancelling(&self) -> bool {
        self.state.flow.cancel_requested_at.is_some()
    }

    /// Positions of the steps of a phase: those of `finally` are the last ones of the definition.
    pub(crate) fn phase(&self, phase: Phase) -> Range<usize> {
        let steps = &self.state.definition.steps;
        let end = steps.partition_point(|def| def.phase == Phase::Forward);
        match phase {
            Phase::Forward => 0..end,
            Phase::Finally => end..steps.len(),
        }
    }

    /// Writes a line of history.
    pub(crate) fn event(&mut self, kind: &str, at: Option<usize>, task: Option<&TaskId>, d: Value) {
        self.state.last_event += 1;
        self.events.push(Event {
            subject: self.state.flow.flow_id.0.clone(),
            owner_key: self.state.flow.owner_key.clone(),
            number: self.state.last_event,
            at: self.ctx.now,
            actor: self.ctx.actor.map(str::to_owned),
            kind: kind.to_owned(),
            step_id: at.map(|at| self.state.steps[at].step_id.clone()),
            task_id: task.map(|id| id.0.clone()),
            data: d,
        });
    }

    /// A new or changed task.
    pub(crate) fn put_task(&mut self, task: Task) {
        let id = task.task_id.clone();
        let row = Arc::new(task);
        if row.status.is_terminal() {
            self.state.tasks.remove(&id);
        } else {
            self.state.tasks.insert(id.clone(), row.clone());
        }
        self.tasks.insert(id, row);
    }

    /// Ends a task.
    pub(crate) fn end_task(
        &mut self,
        id: &TaskId,
        how: TaskMove,
        change: impl FnOnce(&mut Task),
    ) -> Result<TaskStatus, Refusal> {
        let Some(task) = self.state.tasks.get(id) else {
            return Err(Refusal::state("end", "no active task"));
        };
        let mut task = Task::clone(task);
        task.status = crate::task::next_status(task.status, how)?;
        task.ended_at = Some(self.ctx.now.max(task.created_at));
        task.last_event_at = self.ctx.now;
        change(&mut task);
        let status = task.status;
        self.put_task(task);
        Ok(status)
    }

    /// A new or changed wait.
    pub(crate) fn put_wait(&mut self, wait: Wait) {
        let id = wait.wait_id.clone();
        let row = Arc::new(wait);
        if row.state == WaitState::Open {
            self.state.waits.insert(id.clone(), row.clone());
        } else {
            self.state.waits.remove(&id);
        }
        self.waits.insert(id, row);
    }

    /// Closes the step's open wait, if it has one.
    pub(crate) fn close_wait(&mut self, at: usize, to: WaitState, answer: Option<(Value, String)>) {
        let Some(id) = self.step_mut(at).wait_id.take() else { return };
        let Some(wait) = self.state.waits.get(&id) else { return };
        let mut wait = Wait::clone(wait);
        wait.state = to;
        wait.closed_at = Some(self.ctx.now);
        if let Some((value, by)) = answer {
            wait.answer = Some(value);
            wait.answered_by = Some(by);
        }
        self.put_wait(wait);
    }

    /// Ends a step.
    pub(crate) fn end_step(&mut self, at: usize, status: StepStatus, error: Option<StepError>) {
        let now = self.ctx.now;
        let mut data = json!({ "status": status });
        if let Some(error) = &error {
            data["code"] = json!(error.code);
            data["message"] = json!(cut(&error.message, SUMMARY_CHARS_MAX));
        }
        self.set_status(at, status);
        if status == StepStatus::Failed && self.def(at).phase == Phase::Forward {
            self.stopping |= self.def(at).on_error == OnError::Stop;
            self.skipping |= self.def(at).on_error == OnError::SkipRest;
        }
        let step = self.step_mut(at);
        step.due_at = None;
        // The clock may have been set back meanwhile.
        step.ended_at = Some(now.max(step.started_at.unwrap_or(now)));
        step.error = error.map(|e| StepError { message: cut(&e.message, SUMMARY_CHARS_MAX), ..e });
        let task = step.task_id.clone();
        self.event("step.ended", Some(at), task.as_ref(), data);
        self.skip_unneeded_fallback(at);
    }

    /// A fallback whose step got by without it is skipped.
    pub(super) fn skip_unneeded_fallback(&mut self, at: usize) {
        let OnError::Fallback(fallback) = self.def(at).on_error else { return };
        let needed = self.step(at).status == StepStatus::Failed;
        if !needed && self.step(fallback).status == StepStatus::Pending {
            self.end_step(
                fallback,
                StepStatus::Skipped,
                Some(StepError::new("not_needed", "its step did not fail")),
            );
        }
    }

    /// Moves the flow to an end.
    pub(crate) fn end_flow(&mut self, how: FlowMove, error: Option<String>) -> Result<(), Refusal> {
        crate::flow::end(&mut self.state.flow, how, error, self.ctx.now)?;
        self.state.flow.current_step = None;
        let status = self.state.flow.status;
        let data = json!({ "status": status, "error": self.state.flow.error });
        self.event("flow.ended", None, None, data);
        self.effects.push(Effect::Ended(self.state.flow.flow_id.clone()));
        Ok(())
    }

    /// The decision: what differs between the draft and the state that it came from.
    pub(crate) fn finish(mut self) -> Decision {
        let was = self.was;
        let mut unit = Unit { events: self.events, ..Unit::default() };
        if self.state.flow != was.flow {
            self.state.flow.revision = was.flow.revision + 1;
            self.state.flow.updated_at = self.ctx.now.max(was.flow.updated_at);
            unit.flows
                .push(Change { expected: Some(was.flow.revision), row: self.state.flow.clone() });
        } else {
            unit.guards
                .push(Guard { flow_id: was.flow.flow_id.clone(), revision: was.flow.revision });
        }
        for (at, step) in self.state.steps.iter_mut().enumerate() {
            if !Arc::ptr_eq(step, &was.steps[at]) && **step != *was.steps[at] {
                let expected = was.steps[at].version;
                Arc::make_mut(step).version = expected + 1;
                unit.steps.push(Change { expected: Some(expected), row: step.clone() });
            }
        }
        for (id, row) in self.tasks {
            // A change back to what was is none: it leaves the version alone.
            if was.tasks.get(&id) == Some(&row) {
                continue;
            }
            let row = version(row, was.tasks.get(&id), |t| t.version, |t, v| t.version = v);
            if let Some(active) = self.state.tasks.get_mut(&id) {
                *active = row.row.clone();
            }
            unit.tasks.push(row);
        }
        for (id, row) in self.waits {
            if was.waits.get(&id) == Some(&row) {
                continue;
            }
            let row = version(row, was.waits.get(&id), |w| w.version, |w, v| w.version = v);
            if let Some(open) = self.state.waits.get_mut(&id) {
                *open = row.row.clone();
            }
            unit.waits.push(row);
        }
        Decision { unit, state: self.state, effects: self.effects }
    }
}

/// The change that brings `was` to `row`, with the row's next version.
fn version<R: Clone>(
    mut row: Arc<R>,
    was: Option<&Arc<R>>,
    get: impl Fn(&R) -> u64,
    set: impl Fn(&mut R, u64),
) -> Change<Arc<R>> {
    let expected = was.map(|w| get(w));
    set(Arc::make_mut(&mut row), expected.map_or(0, |v| v + 1));
    Change { expected, row }
}
