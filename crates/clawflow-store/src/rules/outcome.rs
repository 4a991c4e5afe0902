//! Outcomes of commands with an idempotency key.

use super::check::View;
use super::shape::once;
use crate::error::ApplyError;
use clawflow_core::idempotency::{KEPT_MS, Outcome};
use clawflow_core::unit::Unit;
use std::collections::BTreeSet;

fn name(row: &Outcome) -> String {
    format!("outcome of the key {:?} of {}", row.key, row.owner_key)
}

pub(super) fn shape(unit: &Unit, seen: &mut BTreeSet<String>) -> Result<(), ApplyError> {
    unit.outcomes.iter().try_for_each(|row| once(seen, name(row)))
}

/// The first one counts for as long as it is kept, judged by the times of both.
pub(super) fn check(unit: &Unit, view: &mut impl View) -> Result<(), ApplyError> {
    for row in &unit.outcomes {
        let Some(made) = view.outcome(&row.owner_key, &row.key)? else { continue };
        if row.created_at < made.saturating_add(KEPT_MS) {
            let what = name(row);
            return Err(ApplyError::Conflict { what, expected: None, found: Some(0) });
        }
    }
    Ok(())
}
