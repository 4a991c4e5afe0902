//! Deliveries: owed, handed over, closed.

use super::check::{View, has_flow, version};
use super::shape::{invalid, once, versions};
use crate::error::ApplyError;
use clawflow_core::delivery::{Delivery, DeliveryState, RouteKind};
use clawflow_core::ids::{DeliveryId, FlowId};
use clawflow_core::unit::Unit;
use std::collections::BTreeSet;

/// Whether a unit leaves the message in an inbox, where the store gives it a place.
pub(crate) fn lies_in_inbox(row: &Delivery) -> bool {
    row.route == RouteKind::Inbox && row.state == DeliveryState::SessionQueued
}

/// The states of what an inbox shows.
pub(crate) fn inbox_states(all: bool) -> &'static [DeliveryState] {
    const STATES: &[DeliveryState] = &[DeliveryState::SessionQueued, DeliveryState::Acknowledged];
    if all { STATES } else { &STATES[..1] }
}

fn name(id: &DeliveryId) -> String {
    format!("delivery {id}")
}

pub(super) fn shape(unit: &Unit, seen: &mut BTreeSet<String>) -> Result<(), ApplyError> {
    for change in &unit.deliveries {
        let what = name(&change.row.delivery_id);
        versions(&what, change, change.row.version)?;
        times(&change.row).map_err(|why| invalid(&what, why))?;
        once(seen, what)?;
    }
    Ok(())
}

fn times(row: &Delivery) -> Result<(), &'static str> {
    use DeliveryState::{Acknowledged, Dismissed, Failed, Pending};
    if (row.state == Pending) != row.due_at.is_some() {
        return Err("dueAt must be set while it is pending, only then");
    }
    if matches!(row.state, Acknowledged | Failed | Dismissed) != row.closed_at.is_some() {
        return Err("closedAt must be set when nothing is owed any more, only then");
    }
    Ok(())
}

/// A new one that was sent before is left out, so nothing else is asked of it.
pub(super) fn check(unit: &Unit, view: &mut impl View) -> Result<(), ApplyError> {
    for change in &unit.deliveries {
        let row = &change.row;
        if change.expected.is_none() && view.is_sent(row)? {
            continue;
        }
        let what = || name(&row.delivery_id);
        version(change, view.delivery(row)?, what)?;
        has_flow(unit, view, change.expected, row.flow_id.as_ref(), what)?;
    }
    Ok(())
}

/// Refuses the purge of a flow that owes a message, as it will be once the unit is written.
pub(super) fn is_owed(unit: &Unit, view: &mut impl View, id: &FlowId) -> Result<(), ApplyError> {
    let pending = |row: &Delivery| row.state == DeliveryState::Pending;
    let mut rows = unit.deliveries.iter().map(|change| &change.row);
    let mut owed: Vec<DeliveryId> = view.owed(id)?;
    owed.retain(|id| !unit.deliveries.iter().any(|change| change.row.delivery_id == *id));
    let new = rows.find(|row| row.flow_id.as_ref() == Some(id) && pending(row));
    owed.extend(new.map(|row| row.delivery_id.clone()));
    match owed.first() {
        None => Ok(()),
        Some(owed) => Err(invalid(&format!("flow {id}"), &format!("it owes {}", name(owed)))),
    }
}
