//! What is done about a record of another system, given what is here of it.
//!
//! What has ended here never changes, and what somebody has moved on here is not overwritten. Only
//! an open flow that was left alone since it was taken over follows the one there, and a lost task
//! takes its true outcome, as lost tasks do.

use super::origin::Imported;
use crate::flow::Flow;
use crate::schedule::Schedule;
use crate::task::{Task, TaskStatus};

/// What is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is not here: it is taken.
    Take,
    /// It has moved on there: it is written anew.
    Update,
    /// It is here as it is there.
    Present,
    /// It stays as it is here, for this reason.
    Keep(&'static str),
}

const ENDED: &str = "it has ended here, and has changed in OpenClaw since it was imported";
const MOVED: &str = "it has changed here and in OpenClaw since it was imported";
const OTHER: &str = "its owner, kind or creation have changed in OpenClaw since it was imported";
const STRANGE: &str = "a record that was not imported has its id";
const REMADE: &str = "it has changed in OpenClaw since it was imported; to take it anew, \
                      remove it here first";

/// Judges a flow.
#[must_use]
pub fn judge_flow(here: Option<&Flow>, there: &Flow) -> Verdict {
    let Some(here) = here else { return Verdict::Take };
    let same = here.owner_key == there.owner_key
        && here.sync_mode == there.sync_mode
        && here.created_at == there.created_at;
    match known(here.imported.as_deref(), there.imported.as_deref()) {
        Err(verdict) => verdict,
        Ok(_) if here.is_terminal() => Verdict::Keep(ENDED),
        Ok(was) if was.revision != here.revision => Verdict::Keep(MOVED),
        Ok(_) if !same => Verdict::Keep(OTHER),
        Ok(_) => Verdict::Update,
    }
}

/// Judges a task.
#[must_use]
pub fn judge_task(here: Option<&Task>, there: &Task) -> Verdict {
    let Some(here) = here else { return Verdict::Take };
    let turned_up = here.status == TaskStatus::Lost && there.status != TaskStatus::Lost;
    match known(here.imported.as_deref(), there.imported.as_deref()) {
        Err(verdict) => verdict,
        Ok(_) if !turned_up => Verdict::Keep(ENDED),
        Ok(was) if was.revision != here.version => Verdict::Keep(MOVED),
        Ok(_) if here.owner_key != there.owner_key || here.created_at != there.created_at => {
            Verdict::Keep(OTHER)
        }
        Ok(_) => Verdict::Update,
    }
}

/// Judges a schedule by what it was there.
#[must_use]
pub fn judge_schedule(here: Option<&Schedule>, digest: &str) -> Verdict {
    let Some(here) = here else { return Verdict::Take };
    match &here.imported {
        None => Verdict::Keep(STRANGE),
        Some(was) if was.digest == digest => Verdict::Present,
        Some(_) => Verdict::Keep(REMADE),
    }
}

/// What it was when it was taken over, unless that says it all.
fn known<'h>(
    here: Option<&'h Imported>,
    there: Option<&Imported>,
) -> Result<&'h Imported, Verdict> {
    let was = here.ok_or(Verdict::Keep(STRANGE))?;
    match there {
        Some(now) if now.digest == was.digest => Err(Verdict::Present),
        _ => Ok(was),
    }
}
