//! A working copy of a group, which knows what was changed.

use super::state::{GroupDecision, GroupState};
use crate::Millis;
use crate::delivery::{DeliveryState, owed};
use crate::drive::Ctx;
use crate::effect::Effect;
use crate::event::Event;
use crate::flow::FlowStatus;
use crate::ids::WaitId;
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use crate::rows::FlowChange;
use crate::step::{Step, StepStatus};
use crate::unit::{Change, Guard, Unit};
use crate::wait::{Wait, WaitState};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A working copy.
pub(super) struct Draft<'a, 'c> {
    was: &'a GroupState,
    pub(super) state: GroupState,
    pub(super) ctx: &'a mut Ctx<'c>,
    is_new: bool,
    steps: BTreeSet<usize>,
    waits: BTreeMap<WaitId, (Option<u64>, Arc<Wait>)>,
    events: Vec<Event>,
}

impl<'a, 'c> Draft<'a, 'c> {
    pub(super) fn new(was: &'a GroupState, ctx: &'a mut Ctx<'c>) -> Self {
        Self {
            was,
            state: was.clone(),
            ctx,
            is_new: false,
            steps: BTreeSet::new(),
            waits: BTreeMap::new(),
            events: Vec::new(),
        }
    }

    /// A draft of a group that is not there yet: all its rows are new.
    pub(super) fn create(was: &'a GroupState, ctx: &'a mut Ctx<'c>) -> Self {
        let mut draft = Self { is_new: true, ..Self::new(was, ctx) };
        draft.steps = (0..was.steps.len()).collect();
        let waits = was.waits.iter().map(|(id, wait)| (id.clone(), (None, wait.clone())));
        draft.waits = waits.collect();
        draft
    }

    /// Writes a line of history.
    pub(super) fn event(&mut self, kind: &str, step: Option<&Step>, data: Value) {
        self.state.last_event += 1;
        self.events.push(Event {
            subject: self.state.flow.flow_id.0.clone(),
            owner_key: self.state.flow.owner_key.clone(),
            number: self.state.last_event,
            at: self.ctx.now,
            actor: self.ctx.actor.map(str::to_owned),
            kind: kind.to_owned(),
            step_id: step.map(|step| step.step_id.clone()),
            task_id: step.and_then(|step| step.task_id.as_ref()).map(|id| id.0.clone()),
            data,
        });
    }

    /// Takes over a member's row, and closes its wait if it waits no longer.
    pub(super) fn put(&mut self, at: usize, mut step: Step, closed: WaitState) {
        let waits = step.status == StepStatus::Waiting;
        if let Some(id) = step.wait_id.take_if(|_| !waits)
            && let Some(wait) = self.state.waits.remove(&id)
        {
            let mut row = Wait::clone(&wait);
            row.state = closed;
            row.closed_at = Some(self.ctx.now.max(row.created_at));
            let expected = self.waits.get(&id).map_or(Some(wait.version), |(was, _)| *was);
            row.version = expected.map_or(0, |version| version + 1);
            self.waits.insert(id, (expected, Arc::new(row)));
        }
        self.state.steps[at] = Arc::new(step);
        self.steps.insert(at);
    }

    /// Ends the group once each member has ended, and corrects its end.
    pub(super) fn settle(&mut self) {
        let flow = &self.state.flow;
        let from = flow.status;
        let open = self.state.steps.iter().find(|step| !step.status.is_terminal());
        if let Some(open) = open {
            let id = open.step_id.clone();
            if !flow.is_terminal() {
                self.state.flow.current_step = Some(id);
            }
            return;
        }
        let blame: Vec<String> = self.state.steps.iter().filter_map(|step| blame(step)).collect();
        let ends = self.state.steps.iter().filter_map(|step| step.ended_at);
        let ended_at = ends.max().unwrap_or(self.ctx.now).max(flow.created_at);
        let flow = &mut self.state.flow;
        let error = cut(&blame.join("; "), SUMMARY_CHARS_MAX);
        flow.error = Some(error).filter(|error| !error.is_empty());
        flow.status = match flow.error {
            Some(_) => FlowStatus::Failed,
            None => FlowStatus::Succeeded,
        };
        flow.current_step = None;
        flow.ended_at = Some(flow.ended_at.unwrap_or(ended_at));
        if self.state.flow != self.was.flow || self.is_new {
            let data = json!({ "from": from, "to": self.state.flow.status });
            let over = self.was.flow.is_terminal() && !self.is_new;
            let kind = if over { "flow.corrected" } else { "flow.mirrored" };
            self.event(kind, None, data);
        }
    }

    /// The decision: what differs between the draft and the state that it came from.
    pub(super) fn finish(mut self) -> GroupDecision {
        let mut unit = Unit::default();
        let was = &self.was.flow;
        let change = if self.is_new { FlowChange::Inserted } else { FlowChange::Compared };
        let flow = &mut self.state.flow;
        if self.is_new {
            unit.flows.push(Change { expected: None, row: flow.clone() });
        } else if flow != was {
            flow.revision = was.revision + 1;
            flow.updated_at = self.ctx.now.max(was.updated_at);
            unit.flows.push(Change { expected: Some(was.revision), row: flow.clone() });
        } else if !self.events.is_empty() {
            let guard = Guard { flow_id: was.flow_id.clone(), revision: was.revision };
            unit.guards.push(guard);
        }
        for event in self.events.iter_mut().filter(|event| event.kind.starts_with("flow.")) {
            event.data["revision"] = json!(self.state.flow.revision);
        }
        for at in &self.steps {
            let step = &mut self.state.steps[*at];
            let expected = (!self.is_new).then_some(step.version);
            Arc::make_mut(step).version = expected.map_or(0, |version| version + 1);
            unit.steps.push(Change { expected, row: step.clone() });
        }
        let waits = self.waits.into_values();
        unit.waits = waits.map(|(expected, row)| Change { expected, row }).collect();
        unit.events = self.events;
        let open = &self.state.waits;
        let owed = owed::of_flow(was, &self.state.flow, change, open, self.ctx);
        let mut effects = vec![Effect::Timer];
        if owed.iter().all(|one| one.state != DeliveryState::Pending) && unit.waits.is_empty() {
            effects.clear();
        }
        unit.deliveries = owed.into_iter().map(|row| Change { expected: None, row }).collect();
        if self.state.flow.is_terminal() && (self.is_new || !was.is_terminal()) {
            effects.push(Effect::Ended(self.state.flow.flow_id.clone()));
        }
        GroupDecision { unit, state: self.state, effects }
    }
}

/// What is wrong with a member, for people.
fn blame(step: &Step) -> Option<String> {
    let error = step.error.as_ref().filter(|_| step.status == StepStatus::Failed)?;
    Some(format!("{}: {}", step.step_id, error.message))
}

/// How long after another time this one is, for people.
pub(super) fn after(at: Millis, than: Millis) -> String {
    let ms = u64::try_from(at.saturating_sub(than)).unwrap_or_default();
    // Seconds are enough, where there are some.
    let shown = if ms >= 1000 { ms - ms % 1000 } else { ms };
    crate::duration::format_ms(shown)
}
