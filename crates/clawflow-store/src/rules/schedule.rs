//! Schedules and their runs: names and slots are there once.

use super::check::{View, version};
use super::shape::{invalid, once, versions};
use crate::error::ApplyError;
use clawflow_core::ids::ScheduleId;
use clawflow_core::schedule::{RunStatus, Schedule, ScheduleRun};
use clawflow_core::unit::Unit;
use std::collections::BTreeSet;

fn name(id: &ScheduleId) -> String {
    format!("schedule {id}")
}

pub(super) fn shape(unit: &Unit, seen: &mut BTreeSet<String>) -> Result<(), ApplyError> {
    let mut names = BTreeSet::new();
    for change in &unit.schedules {
        let row = &change.row;
        let what = name(&row.schedule_id);
        versions(&what, change, row.version)?;
        schedule(row).map_err(|why| invalid(&what, why))?;
        if !names.insert((&row.owner_key, &row.name)) {
            return Err(invalid(&what, "its name is that of another in the unit"));
        }
        once(seen, what)?;
    }
    let mut slots = BTreeSet::new();
    for change in &unit.runs {
        let row = &change.row;
        let what = format!("run {}", row.run_id);
        versions(&what, change, row.version)?;
        run(row).map_err(|why| invalid(&what, why))?;
        if row.slot.is_some_and(|slot| !slots.insert((&row.schedule_id, slot))) {
            return Err(invalid(&what, "its slot is that of another in the unit"));
        }
        if unit.dropped.contains(&row.schedule_id) {
            return Err(invalid(&what, "its schedule is deleted in the same unit"));
        }
        once(seen, what)?;
    }
    unit.dropped.iter().try_for_each(|id| once(seen, name(id)))
}

fn schedule(row: &Schedule) -> Result<(), &'static str> {
    if row.enabled != row.next_at.is_some() || row.enabled != row.next_slot.is_some() {
        return Err("it has nextSlot and nextAt while it is enabled, only then");
    }
    if row.enabled == row.disabled_reason.is_some() {
        return Err("it has disabledReason while it is disabled, only then");
    }
    if row.name.is_empty() { Err("it has no name") } else { Ok(()) }
}

fn run(row: &ScheduleRun) -> Result<(), &'static str> {
    if row.status.is_terminal() != row.ended_at.is_some() {
        return Err("endedAt must be set at an end, only then");
    }
    if (row.status == RunStatus::Skipped) != row.reason.is_some() {
        return Err("a skipped run has a reason, and no other");
    }
    if row.status == RunStatus::Retrying && row.due_at.is_none() {
        return Err("a run that will be tried again has dueAt");
    }
    if row.status.is_terminal() && row.due_at.is_some() {
        return Err("a run that has ended is never due");
    }
    Ok(())
}

pub(super) fn check(unit: &Unit, view: &mut impl View) -> Result<(), ApplyError> {
    for change in &unit.schedules {
        let row = &change.row;
        version(change, view.schedule(row)?, || name(&row.schedule_id))?;
        let holder = view.schedule_name(&row.owner_key, &row.name)?;
        let is_taken =
            |holder: &ScheduleId| *holder != row.schedule_id && !unit.dropped.contains(holder);
        if holder.as_ref().is_some_and(is_taken) {
            let what = format!("the name {:?} of a schedule", row.name);
            return Err(ApplyError::Conflict { what, expected: None, found: Some(0) });
        }
        for hash in row.payload.kept_hashes() {
            let is_new = unit.definitions.iter().any(|known| known.hash == hash);
            if !is_new && !view.has_definition(hash)? {
                return Err(invalid(&name(&row.schedule_id), "its workflow file is not there"));
            }
        }
    }
    for change in &unit.runs {
        let row = &change.row;
        let what = || format!("run {}", row.run_id);
        version(change, view.run(row)?, what)?;
        if change.expected.is_some() {
            continue;
        }
        let id = &row.schedule_id;
        let is_new = unit.schedules.iter().any(|change| change.row.schedule_id == *id);
        if !is_new && !view.has_schedule(id)? {
            return Err(invalid(&what(), "there is no such schedule"));
        }
        if let Some(slot) = row.slot
            && view.has_slot(id, slot)?
        {
            let what = format!("slot {slot} of schedule {id}");
            return Err(ApplyError::Conflict { what, expected: None, found: Some(0) });
        }
    }
    Ok(())
}
