//! Signals: kept once, taken once.

use super::check::View;
use super::shape::once;
use crate::error::ApplyError;
use clawflow_core::ids::SignalId;
use clawflow_core::unit::Unit;
use std::collections::BTreeSet;

fn name(id: &SignalId) -> String {
    format!("signal {id}")
}

/// A unit that both keeps and takes a signal names it twice.
pub(super) fn shape(unit: &Unit, seen: &mut BTreeSet<String>) -> Result<(), ApplyError> {
    let ids = unit.signals.iter().map(|signal| &signal.signal_id).chain(&unit.taken);
    ids.into_iter().try_for_each(|id| once(seen, name(id)))
}

pub(super) fn check(unit: &Unit, view: &mut impl View) -> Result<(), ApplyError> {
    for signal in &unit.signals {
        if view.has_signal(&signal.signal_id)? {
            let what = name(&signal.signal_id);
            return Err(ApplyError::Conflict { what, expected: None, found: Some(0) });
        }
    }
    for id in &unit.taken {
        if !view.has_signal(id)? {
            return Err(ApplyError::Conflict { what: name(id), expected: Some(0), found: None });
        }
    }
    Ok(())
}
