//! What can be said about a unit without looking at the store. The SQL schema has the same rules as
//! CHECKs; here they get words.

use super::{delivery, outcome, schedule, signal, token};
use crate::error::ApplyError;
use clawflow_core::flow::{Flow, FlowStatus, SyncMode};
use clawflow_core::step::{Step, StepStatus};
use clawflow_core::task::Task;
use clawflow_core::unit::{Change, Unit};
use clawflow_core::wait::{Wait, WaitState};
use std::collections::BTreeSet;

/// Largest number that a store keeps: SQL integers are signed.
const NUMBER_MAX: u64 = i64::MAX as u64;

/// Refuses a unit that no store may apply, whatever it holds.
pub(crate) fn shape(unit: &Unit) -> Result<(), ApplyError> {
    let mut seen = BTreeSet::new();
    for change in &unit.flows {
        let what = format!("flow {}", change.row.flow_id);
        versions(&what, change, change.row.revision)?;
        flow(&change.row).map_err(|why| invalid(&what, why))?;
        once(&mut seen, what)?;
    }
    for spec in &unit.specs {
        once(&mut seen, format!("spec of flow {}", spec.flow_id))?;
    }
    for change in &unit.steps {
        let what = format!("step {} of flow {}", change.row.step_id, change.row.flow_id);
        versions(&what, change, change.row.version)?;
        step(&change.row).map_err(|why| invalid(&what, why))?;
        once(&mut seen, what)?;
    }
    for change in &unit.tasks {
        let what = format!("task {}", change.row.task_id);
        versions(&what, change, change.row.version)?;
        task(&change.row).map_err(|why| invalid(&what, why))?;
        once(&mut seen, what)?;
    }
    for input in &unit.inputs {
        let what = format!("input of task {}", input.task_id);
        let mut new = unit.tasks.iter().filter(|change| change.expected.is_none());
        if !new.any(|change| change.row.task_id == input.task_id) {
            return Err(invalid(&what, "the task is not a new one of the unit"));
        }
        once(&mut seen, what)?;
    }
    for change in &unit.waits {
        let what = format!("wait {}", change.row.wait_id);
        versions(&what, change, change.row.version)?;
        wait(&change.row).map_err(|why| invalid(&what, why))?;
        once(&mut seen, what)?;
    }
    delivery::shape(unit, &mut seen)?;
    signal::shape(unit, &mut seen)?;
    token::shape(unit, &mut seen)?;
    outcome::shape(unit, &mut seen)?;
    schedule::shape(unit, &mut seen)?;
    for event in &unit.events {
        if event.number == 0 || event.number > NUMBER_MAX {
            return Err(invalid(&format!("event of {}", event.subject), "numbers start at 1"));
        }
    }
    unit.purges.iter().try_for_each(|id| once(&mut seen, format!("purge of flow {id}")))
}

/// A refusal with the name of the row.
pub(super) fn invalid(what: &str, why: &str) -> ApplyError {
    ApplyError::Invalid { why: format!("{what}: {why}") }
}

pub(super) fn once(seen: &mut BTreeSet<String>, what: String) -> Result<(), ApplyError> {
    match seen.replace(what) {
        None => Ok(()),
        Some(what) => Err(invalid(&what, "named twice in one unit")),
    }
}

pub(super) fn versions<R>(what: &str, change: &Change<R>, new: u64) -> Result<(), ApplyError> {
    if new > NUMBER_MAX || change.expected.is_some_and(|old| new <= old) {
        return Err(invalid(what, "its version must grow with each change"));
    }
    Ok(())
}

fn flow(row: &Flow) -> Result<(), &'static str> {
    let ended = row.ended_at.is_some();
    match row.status {
        FlowStatus::Blocked if ended && row.sync_mode == SyncMode::Managed => {
            Err("a managed flow does not end as blocked")
        }
        FlowStatus::Blocked => Ok(()),
        status if status.is_terminal() != ended => Err("endedAt must be set at an end, only then"),
        _ if row.goal.is_empty() => Err("the goal is empty"),
        _ if row.sync_mode == SyncMode::Managed && row.controller_id.is_none() => {
            Err("a managed flow has a controller")
        }
        _ => Ok(()),
    }
}

fn step(row: &Step) -> Result<(), &'static str> {
    if row.status.is_terminal() != row.ended_at.is_some() {
        return Err("endedAt must be set at an end, only then");
    }
    if row.status == StepStatus::Retrying && row.due_at.is_none() {
        return Err("a step that will be retried has dueAt");
    }
    Ok(())
}

fn task(row: &Task) -> Result<(), &'static str> {
    if row.status.is_terminal() != row.ended_at.is_some() {
        return Err("endedAt must be set at an end, only then");
    }
    if row.fence > NUMBER_MAX {
        return Err("the fence is too large");
    }
    Ok(())
}

fn wait(row: &Wait) -> Result<(), &'static str> {
    if (row.state == WaitState::Open) == row.closed_at.is_some() {
        return Err("closedAt must be set when it is closed, only then");
    }
    Ok(())
}
