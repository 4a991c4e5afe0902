//! Applying a unit: check all of it, then write all of it. Writing cannot fail.

use super::state::Rows;
use crate::error::ApplyError;
use crate::rules;
use clawflow_core::event::{Event, StoredEvent};
use clawflow_core::flow::Flow;
use clawflow_core::ids::FlowId;
use clawflow_core::step::Step;
use clawflow_core::task::Task;
use clawflow_core::unit::Unit;
use clawflow_core::wait::Wait;
use std::sync::Arc;

impl Rows {
    /// Applies the unit and returns the newest seq.
    pub(super) fn apply(&mut self, unit: Unit) -> Result<u64, ApplyError> {
        rules::shape(&unit)?;
        rules::check(&unit, self)?;
        for definition in unit.definitions {
            self.definitions.entry(definition.hash).or_insert(definition.source);
        }
        // Ends first: a flow may take the key of one that ends in the same unit.
        let (ended, live): (Vec<_>, Vec<_>) =
            unit.flows.into_iter().partition(|f| f.row.ended_at.is_some());
        ended.into_iter().chain(live).for_each(|change| self.put_flow(change.row));
        for spec in unit.specs {
            self.specs.insert(spec.flow_id.clone(), spec);
        }
        unit.steps.into_iter().for_each(|change| self.put_step(change.row));
        unit.tasks.into_iter().for_each(|change| self.put_task(change.row));
        self.inputs.extend(unit.inputs.into_iter().map(|input| (input.task_id, input.text)));
        unit.waits.into_iter().for_each(|change| self.put_wait(change.row));
        unit.deliveries.into_iter().for_each(|change| self.put_delivery(change));
        for signal in unit.signals {
            self.signals.insert(signal.signal_id.clone(), signal);
        }
        for id in &unit.taken {
            self.signals.remove(id);
        }
        for change in unit.tokens {
            self.tokens.insert(change.row.token_id.clone(), change.row);
        }
        for outcome in unit.outcomes {
            let place = (outcome.owner_key.clone(), outcome.key.clone());
            self.outcomes.insert(place, outcome);
        }
        let schedules = unit.schedules.into_iter().map(|change| change.row).collect();
        self.put_schedules(&unit.dropped, schedules);
        for change in unit.runs {
            self.runs.insert(change.row.run_id.clone(), change.row);
        }
        unit.events.into_iter().for_each(|event| self.put_event(event));
        unit.purges.iter().for_each(|id| self.purge(id));
        Ok(self.seq)
    }

    fn put_flow(&mut self, row: Flow) {
        if let Some(key) = &row.key {
            let place = (row.owner_key.clone(), key.clone());
            if row.holds_key() {
                self.live_keys.insert(place, row.flow_id.clone());
            } else if self.live_keys.get(&place) == Some(&row.flow_id) {
                self.live_keys.remove(&place);
            }
        }
        self.flows.insert(row.flow_id.clone(), row);
    }

    fn put_step(&mut self, row: Arc<Step>) {
        let steps = self.steps.entry(row.flow_id.clone()).or_default();
        steps.insert(row.step_id.clone(), row);
    }

    fn put_task(&mut self, row: Arc<Task>) {
        if let Some(flow_id) = &row.parent_flow_id {
            let tasks = self.flow_tasks.entry(flow_id.clone()).or_default();
            tasks.insert(row.task_id.clone());
        }
        self.tasks.insert(row.task_id.clone(), row);
    }

    fn put_wait(&mut self, row: Arc<Wait>) {
        let waits = self.flow_waits.entry(row.flow_id.clone()).or_default();
        waits.insert(row.wait_id.clone());
        self.waits.insert(row.wait_id.clone(), row);
    }

    fn put_event(&mut self, event: Event) {
        self.seq += 1;
        self.feed.insert(self.seq, (event.subject.clone(), event.number));
        let history = self.events.entry(event.subject.clone()).or_default();
        history.insert(event.number, StoredEvent { seq: self.seq, event });
    }

    fn purge(&mut self, id: &FlowId) {
        self.flows.remove(id);
        self.purge_deliveries(id);
        self.steps.remove(id);
        for task in self.flow_tasks.remove(id).unwrap_or_default() {
            self.tasks.remove(&task);
            self.inputs.remove(&task);
        }
        for wait in self.flow_waits.remove(id).unwrap_or_default() {
            self.waits.remove(&wait);
        }
        for event in self.events.remove(id.as_str()).unwrap_or_default().into_values() {
            self.feed.remove(&event.seq);
        }
        if let Some(spec) = self.specs.remove(id) {
            for hash in [Some(spec.definition_hash), spec.files].into_iter().flatten() {
                self.purge_definition(&hash);
            }
        }
    }
}
