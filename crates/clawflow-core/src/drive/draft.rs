//! A working copy of a flow that knows what was changed.

use super::cost;
use super::reuse::Carried;
use super::scope::{FlowScope, find_items};
use super::state::{Ctx, Decision, FlowState};
use crate::definition::{OnError, Phase, StepDef};
use crate::delivery::Delivery;
use crate::effect::Effect;
use crate::error::Refusal;
use crate::flow::FlowMove;
use crate::ids::{TaskId, WaitId};
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use crate::rows::{FlowChange, FlowRow, Rows};
use crate::signal::Signal;
use crate::step::{Step, StepError, StepStatus, may_follow};
use crate::task::{Task, TaskMove, TaskStatus};
use crate::unit::Change;
use crate::wait::{Wait, WaitState};
use serde_json::{Value, json};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::iter::Chain;
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
    /// Whether it was stopped by what its models cost.
    pub(crate) over_budget: bool,
    /// The step whose attempt has reported what it used: what it prints of that is the same.
    pub(crate) told_use: Option<usize>,
    /// Whether a step failed with `skip_rest`: what has not begun never will.
    pub(crate) skipping: bool,
    /// Bytes of the outputs' entries, counted when the first one is kept: the bag may have as many
    /// entries as the flow has steps, and is not measured anew for each.
    pub(super) outputs_bytes: Option<usize>,
    /// Positions of the steps by their ids, for references in large flows.
    by_id: OnceCell<Vec<usize>>,
    /// Waits that a signal resolved.
    pub(super) resolved: Vec<WaitId>,
    /// What was done inside of blocks in the flow that this one begins with.
    pub(super) carried: BTreeMap<usize, Carried>,
    rows: Rows,
    is_new: bool,
}

impl<'a, 'c> Draft<'a, 'c> {
    pub(crate) fn new(was: &'a FlowState, ctx: &'a mut Ctx<'c>) -> Self {
        let slots = ctx.slots;
        let mut state = was.clone();
        find_items(&mut state);
        let failed_with = |wanted: OnError| {
            was.steps.iter().zip(&was.definition.steps).any(|(step, def)| {
                step.status == StepStatus::Failed
                    && def.phase == Phase::Forward
                    && def.on_error == wanted
            })
        };
        let over_budget = cost::over(was).is_some();
        Self {
            was,
            state,
            ctx,
            slots,
            // The failure of a fallback is its step's: the fallback's own `on_error` says what it
            // means, so each step can be looked at alone.
            stopping: failed_with(OnError::Stop) || was.flow.error.is_some() || over_budget,
            over_budget,
            told_use: None,
            skipping: failed_with(OnError::SkipRest),
            outputs_bytes: None,
            by_id: OnceCell::new(),
            resolved: Vec::new(),
            carried: BTreeMap::new(),
            rows: Rows::default(),
            is_new: false,
        }
    }

    /// A draft of a flow that is not there yet.
    pub(crate) fn create(was: &'a FlowState, ctx: &'a mut Ctx<'c>) -> Self {
        Self { is_new: true, ..Self::new(was, ctx) }
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
        self.state.def(at)
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

    /// What references see in the attempt of the step that is being prepared.
    pub(crate) fn scope_of(&self, at: usize, attempt: u32) -> FlowScope<'_> {
        let fixed = self.state.definition.steps.len();
        let by_id = (fixed > SCAN_STEPS_MAX).then(|| {
            let by_id = self.by_id.get_or_init(|| {
                let mut all: Vec<usize> = (0..fixed).collect();
                all.sort_unstable_by_key(|at| &self.state.steps[*at].step_id);
                all
            });
            by_id.as_slice()
        });
        FlowScope { state: &self.state, at, attempt, by_id, parsed: Default::default() }
    }

    /// Adds the row of an inner step.
    pub(crate) fn append_step(&mut self, step: Step) {
        self.state.steps.push(Arc::new(step));
    }

    /// The list of a loop at work.
    pub(crate) fn items(&self, at: usize) -> Option<Arc<Vec<Value>>> {
        self.state.items.get(&at).cloned()
    }

    /// Whether starts of this step are held back. Once a cancel was requested the unwinding goes on
    /// even while paused: it must come to its end. No budget holds it.
    pub(crate) fn is_held(&self, at: usize) -> bool {
        match self.def(at).phase {
            Phase::Finally => self.state.flow.paused_at.is_some() && !self.cancelling(),
            Phase::Forward => self.state.flow.holds_starts(),
        }
    }

    /// Whether as many attempts of the flow are at work as its file allows, so that this step must
    /// not begin one. Those that wait to start count: each of them has begun its step.
    pub(crate) fn is_full(&self, at: usize) -> bool {
        let most = self.state.definition.concurrency;
        self.def(at).starts_process() && most.is_some_and(|most| self.state.tasks.len() >= most)
    }

    /// The position of the step with this id.
    pub(crate) fn position(&self, step_id: &str) -> Option<usize> {
        self.state.steps.iter().position(|s| s.step_id == step_id)
    }

    pub(crate) fn cancelling(&self) -> bool {
        self.state.flow.cancel_requested_at.is_some()
    }

    /// Whether the time of the flow is over: its error is on record before its end.
    pub(crate) fn timed_out(&self) -> bool {
        self.state.flow.error.is_some()
    }

    /// Positions of the forward steps that the file names, inner steps left out.
    pub(crate) fn fixed(&self) -> Range<usize> {
        let steps = &self.state.definition.steps;
        0..steps.partition_point(|def| def.phase == Phase::Forward)
    }

    /// Where the rows begin that undo steps: they are the last ones.
    pub(crate) fn undoing(&self) -> usize {
        let fixed = self.state.definition.steps.len();
        let undoes = |step: &Arc<Step>| step.of.is_some_and(|of| of.undo);
        fixed + self.state.steps[fixed..].partition_point(|step| !undoes(step))
    }

    /// Positions of the steps of a phase, in the order in which they begin. Forward are those that
    /// the file names and those inside of them; at the end come those that undo others, and then
    /// the `finally` steps, which are the last ones of the definition.
    pub(crate) fn phase(&self, phase: Phase) -> Chain<Range<usize>, Range<usize>> {
        let (forward, fixed) = (self.fixed().end, self.state.definition.steps.len());
        match phase {
            Phase::Forward => (0..forward).chain(fixed..self.undoing()),
            Phase::Finally => (self.undoing()..self.state.steps.len()).chain(forward..fixed),
        }
    }

    /// Writes a line of history.
    pub(crate) fn event(&mut self, kind: &str, at: Option<usize>, task: Option<&TaskId>, d: Value) {
        let FlowState { flow, steps, last_event, .. } = &mut self.state;
        let step = at.map(|at| steps[at].step_id.as_str());
        self.rows.event(flow, last_event, self.ctx, (kind, step, task), d);
    }

    /// Writes a line of history that tells of a change of the flow's row.
    pub(crate) fn flow_event(&mut self, kind: &str, data: Value) {
        self.event(kind, None, None, data);
        self.rows.tells_of_flow();
    }

    /// Something to do after the commit.
    pub(crate) fn effect(&mut self, effect: Effect) {
        self.rows.effects.push(effect);
    }

    /// A task that was queued by this very decision is not to be announced any more.
    pub(crate) fn unqueue(&mut self, id: &TaskId) {
        self.rows
            .effects
            .retain(|effect| !matches!(effect, Effect::Queued(queued) if queued == id));
    }

    /// Messages that are owed.
    pub(crate) fn owe(&mut self, deliveries: Vec<Delivery>) {
        self.rows.owe(deliveries);
    }

    /// Takes a signal that was kept for whoever waits for it first.
    pub(super) fn take(&mut self, signal: &Signal) {
        self.rows.taken.push(signal.signal_id.clone());
    }

    /// A new or changed task.
    pub(crate) fn put_task(&mut self, task: Task) {
        self.rows.put_task(&mut self.state.tasks, task);
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
        self.void_permissions(id);
        Ok(status)
    }

    /// A new or changed wait.
    pub(crate) fn put_wait(&mut self, wait: Wait) {
        self.rows.put_wait(&mut self.state.waits, wait);
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
        let outer = self.step(at).of.is_none();
        if status == StepStatus::Failed && outer && self.def(at).phase == Phase::Forward {
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
        super::deadline::close(self, WaitState::Cancelled);
        super::budget::give_up(self);
        crate::flow::end(&mut self.state.flow, how, error, self.ctx.now)?;
        self.state.flow.current_step = None;
        let flow = &self.state.flow;
        let data = json!({
            "from": self.was.flow.status, "to": flow.status, "status": flow.status,
            "error": flow.error,
        });
        let ended = Effect::Ended(flow.flow_id.clone());
        self.flow_event("flow.ended", data);
        self.effect(ended);
        Ok(())
    }

    /// The decision: what differs between the draft and the state that it came from.
    pub(crate) fn finish(mut self) -> Decision {
        let was = self.was;
        let (from, to) = (was.flow.status, self.state.flow.status);
        if from == to || self.state.flow.is_terminal() {
            // Nothing changed, or its end was told.
        } else if self.is_new {
            self.rows.was_created(to);
        } else {
            let step = &self.state.flow.current_step;
            let data = json!({ "from": from, "to": to, "step": step });
            self.flow_event("flow.changed", data);
        }
        let change = if self.is_new { FlowChange::Inserted } else { FlowChange::Compared };
        let state = &mut self.state;
        let row = FlowRow { was: &was.flow, flow: &mut state.flow, change };
        let tasks = (&was.tasks, &mut state.tasks);
        let waits = (&was.waits, &mut state.waits);
        let (mut unit, effects) = self.rows.finish(row, tasks, waits, self.ctx);
        for (at, step) in self.state.steps.iter_mut().enumerate() {
            let Some(before) = was.steps.get(at) else {
                unit.steps.push(Change { expected: None, row: step.clone() });
                continue;
            };
            if !Arc::ptr_eq(step, before) && **step != **before {
                let expected = before.version;
                Arc::make_mut(step).version = expected + 1;
                unit.steps.push(Change { expected: Some(expected), row: step.clone() });
            }
        }
        Decision { unit, state: self.state, effects, waits: self.resolved }
    }
}
