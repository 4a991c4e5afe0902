//! What a unit demands of the rows that are there. Everything is looked at before anything is
//! written, so that a refused unit has nothing to take back.

use super::shape::invalid;
use super::{delivery, outcome, schedule, signal, token};
use crate::error::{ApplyError, StoreError};
use clawflow_core::Millis;
use clawflow_core::delivery::Delivery;
use clawflow_core::flow::Flow;
use clawflow_core::ids::{DeliveryId, FlowId, ScheduleId, SignalId, TokenId};
use clawflow_core::schedule::{Schedule, ScheduleRun};
use clawflow_core::step::Step;
use clawflow_core::task::Task;
use clawflow_core::token::Token;
use clawflow_core::unit::{Change, Unit};
use clawflow_core::wait::Wait;
use std::collections::BTreeMap;

/// A row that is there: its version, and whether what never changes is the same in the new row.
pub(crate) type Found = Option<(u64, bool)>;

/// The store as the check sees it.
pub(crate) trait View {
    /// Revision of a flow.
    fn revision(&mut self, id: &FlowId) -> Result<Option<u64>, StoreError>;
    /// A flow; owner, key, mode and creation never change.
    fn flow(&mut self, row: &Flow) -> Result<Found, StoreError>;
    /// Whether a flow is there and has ended.
    fn ended(&mut self, id: &FlowId) -> Result<Option<bool>, StoreError>;
    /// The live flow of the owner with the key.
    fn live_key(&mut self, owner: &str, key: &str) -> Result<Option<FlowId>, StoreError>;
    /// Whether the flow has a spec.
    fn has_spec(&mut self, id: &FlowId) -> Result<bool, StoreError>;
    /// Whether the definition is kept.
    fn has_definition(&mut self, hash: &str) -> Result<bool, StoreError>;
    /// A step.
    fn step(&mut self, row: &Step) -> Result<Found, StoreError>;
    /// A task; flow, owner and creation never change.
    fn task(&mut self, row: &Task) -> Result<Found, StoreError>;
    /// A wait; its flow never changes.
    fn wait(&mut self, row: &Wait) -> Result<Found, StoreError>;
    /// A delivery; owner, flow, task, idempotency key, route and creation never change.
    fn delivery(&mut self, row: &Delivery) -> Result<Found, StoreError>;
    /// Whether there is a delivery of the same owner, idempotency key and route.
    fn is_sent(&mut self, row: &Delivery) -> Result<bool, StoreError>;
    /// Pending deliveries about the flow.
    fn owed(&mut self, id: &FlowId) -> Result<Vec<DeliveryId>, StoreError>;
    /// Whether the signal is kept.
    fn has_signal(&mut self, id: &SignalId) -> Result<bool, StoreError>;
    /// A token; hash, owner and creation never change.
    fn token(&mut self, row: &Token) -> Result<Found, StoreError>;
    /// The token with the hash.
    fn hash_owner(&mut self, hash: &str) -> Result<Option<TokenId>, StoreError>;
    /// When the outcome of the owner and key was made.
    fn outcome(&mut self, owner: &str, key: &str) -> Result<Option<Millis>, StoreError>;
    /// A schedule; owner and creation never change.
    fn schedule(&mut self, row: &Schedule) -> Result<Found, StoreError>;
    /// The schedule of the owner with the name.
    fn schedule_name(&mut self, owner: &str, name: &str) -> Result<Option<ScheduleId>, StoreError>;
    /// Whether there is such a schedule.
    fn has_schedule(&mut self, id: &ScheduleId) -> Result<bool, StoreError>;
    /// A run; schedule, owner, slot and creation never change.
    fn run(&mut self, row: &ScheduleRun) -> Result<Found, StoreError>;
    /// Whether a run of the schedule has the slot.
    fn has_slot(&mut self, id: &ScheduleId, slot: Millis) -> Result<bool, StoreError>;
    /// Number of the newest event.
    fn newest_event(&mut self, subject: &str) -> Result<u64, StoreError>;
}

/// Whether the unit may be written now.
pub(crate) fn check(unit: &Unit, view: &mut impl View) -> Result<(), ApplyError> {
    for guard in &unit.guards {
        let found = view.revision(&guard.flow_id)?;
        if found != Some(guard.revision) {
            let what = format!("flow {}", guard.flow_id);
            return Err(ApplyError::Conflict { what, expected: Some(guard.revision), found });
        }
    }
    for change in &unit.flows {
        version(change, view.flow(&change.row)?, || format!("flow {}", change.row.flow_id))?;
    }
    for change in &unit.steps {
        let row = &change.row;
        let what = || format!("step {} of flow {}", row.step_id, row.flow_id);
        version(change, view.step(row)?, what)?;
        has_flow(unit, view, change.expected, Some(&row.flow_id), what)?;
    }
    for change in &unit.tasks {
        let row = &change.row;
        let what = || format!("task {}", row.task_id);
        version(change, view.task(row)?, what)?;
        has_flow(unit, view, change.expected, row.parent_flow_id.as_ref(), what)?;
    }
    for change in &unit.waits {
        let row = &change.row;
        let what = || format!("wait {}", row.wait_id);
        version(change, view.wait(row)?, what)?;
        has_flow(unit, view, change.expected, Some(&row.flow_id), what)?;
    }
    specs(unit, view)?;
    delivery::check(unit, view)?;
    signal::check(unit, view)?;
    token::check(unit, view)?;
    outcome::check(unit, view)?;
    schedule::check(unit, view)?;
    events(unit, view)?;
    keys(unit, view)?;
    purges(unit, view)
}

pub(super) fn version<R>(
    change: &Change<R>,
    found: Found,
    what: impl Fn() -> String,
) -> Result<(), ApplyError> {
    match (change.expected, found) {
        (None, None) => Ok(()),
        (Some(expected), Some((found, same))) if expected == found => {
            if same {
                Ok(())
            } else {
                Err(invalid(&what(), "whose it is never changes"))
            }
        }
        (expected, found) => {
            let found = found.map(|(version, _)| version);
            Err(ApplyError::Conflict { what: what(), expected, found })
        }
    }
}

/// A new row of a flow needs the flow, in the store or in the unit.
pub(super) fn has_flow(
    unit: &Unit,
    view: &mut impl View,
    expected: Option<u64>,
    flow_id: Option<&FlowId>,
    what: impl Fn() -> String,
) -> Result<(), ApplyError> {
    let Some(id) = flow_id else { return Ok(()) };
    let known = expected.is_some()
        || unit.guards.iter().any(|g| g.flow_id == *id)
        || unit.flows.iter().any(|f| f.row.flow_id == *id);
    if known || view.revision(id)?.is_some() {
        return Ok(());
    }
    Err(invalid(&what(), "there is no such flow"))
}

fn specs(unit: &Unit, view: &mut impl View) -> Result<(), ApplyError> {
    for spec in &unit.specs {
        let what = || format!("spec of flow {}", spec.flow_id);
        if view.has_spec(&spec.flow_id)? {
            return Err(ApplyError::Conflict { what: what(), expected: None, found: Some(0) });
        }
        has_flow(unit, view, None, Some(&spec.flow_id), what)?;
        for hash in [Some(&spec.definition_hash), spec.files.as_ref()].into_iter().flatten() {
            let known = unit.definitions.iter().any(|d| d.hash == *hash);
            if !known && !view.has_definition(hash)? {
                return Err(invalid(&what(), "its definition is not there"));
            }
        }
    }
    Ok(())
}

fn events(unit: &Unit, view: &mut impl View) -> Result<(), ApplyError> {
    let mut newest: BTreeMap<&str, u64> = BTreeMap::new();
    for event in &unit.events {
        let subject = event.subject.as_str();
        let last = match newest.get(subject) {
            Some(last) => *last,
            None => view.newest_event(subject)?,
        };
        let what = || format!("event {} of {subject}", event.number);
        if event.number <= last {
            let found = Some(event.number);
            return Err(ApplyError::Conflict { what: what(), expected: None, found });
        }
        if event.number > last + 1 {
            return Err(invalid(&what(), "the event before it is missing"));
        }
        newest.insert(subject, event.number);
    }
    Ok(())
}

/// One live flow per owner and key, as it will be once the whole unit is written.
fn keys(unit: &Unit, view: &mut impl View) -> Result<(), ApplyError> {
    let mut taken: BTreeMap<(&str, &str), &FlowId> = BTreeMap::new();
    for change in &unit.flows {
        let row = &change.row;
        let Some(key) = row.key.as_deref().filter(|_| row.holds_key()) else { continue };
        let conflict = |holder: &FlowId| ApplyError::KeyConflict {
            key: key.to_owned(),
            flow_id: holder.clone(),
        };
        if let Some(other) = taken.insert((&row.owner_key, key), &row.flow_id) {
            return Err(conflict(other));
        }
        let Some(holder) = view.live_key(&row.owner_key, key)? else { continue };
        let ends =
            |id: &FlowId| unit.flows.iter().any(|f| f.row.flow_id == *id && !f.row.holds_key());
        if holder != row.flow_id && !ends(&holder) {
            return Err(conflict(&holder));
        }
    }
    Ok(())
}

/// Only what has ended and owes nothing is deleted; what is gone already is no error.
fn purges(unit: &Unit, view: &mut impl View) -> Result<(), ApplyError> {
    for id in &unit.purges {
        let written = unit.flows.iter().find(|f| f.row.flow_id == *id);
        let ended = match written {
            Some(change) => Some(change.row.ended_at.is_some()),
            None => view.ended(id)?,
        };
        if ended == Some(false) {
            return Err(invalid(&format!("flow {id}"), "it has not ended, so it is not deleted"));
        }
        delivery::is_owed(unit, view, id)?;
    }
    Ok(())
}
