//! The checks that every command on a flow makes, in their one order: managed, revision, legality.
//! Validity comes after them, persistence is the store's.

use super::state::{FlowMove, FlowStatus, next_status};
use super::{Flow, SyncMode};
use crate::Millis;
use crate::error::{Code, Refusal};
use serde_json::Value;

/// What a command leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// The row as it shall be.
    pub flow: Flow,
    /// Kind and data of the event that tells of it; `None` if the row is as it was.
    pub event: Option<(&'static str, Value)>,
}

/// Whether a controller may make this move on a flow that code drives, and the status after it.
pub(super) fn check(
    flow: &Flow,
    expected_revision: Option<u64>,
    flow_move: FlowMove,
) -> Result<FlowStatus, Refusal> {
    check_driver(flow)?;
    check_revision(flow, expected_revision)?;
    check_move(flow, flow_move)
}

/// Refuses what is for flows that code drives.
pub(crate) fn check_driver(flow: &Flow) -> Result<(), Refusal> {
    if flow.sync_mode != SyncMode::Managed {
        let message = "the flow mirrors work that others drive";
        return Err(Refusal::new(Code::NotManaged, message));
    }
    if flow.is_engine() {
        let message = "the engine steers this flow: answer, signal, pause, retry or cancel it";
        return Err(Refusal::new(Code::EngineOwned, message));
    }
    Ok(())
}

/// Refuses what is about tasks, for flows that have none of code: those of the engine, and groups.
pub(crate) fn check_tasks(flow: &Flow) -> Result<(), Refusal> {
    match flow.sync_mode {
        SyncMode::TaskMirrored => Ok(()),
        SyncMode::Managed | SyncMode::GroupMirrored => check_driver(flow),
    }
}

/// Refuses a command that was decided on another revision.
pub(crate) fn check_revision(flow: &Flow, expected: Option<u64>) -> Result<(), Refusal> {
    match expected {
        Some(expected) if expected != flow.revision => Err(Refusal::new(
            Code::RevisionConflict,
            format!("expected revision {expected}, the flow is at {}", flow.revision),
        )),
        _ => Ok(()),
    }
}

/// Whether the move is legal, whoever makes it, and the status after it.
pub(crate) fn check_move(flow: &Flow, flow_move: FlowMove) -> Result<FlowStatus, Refusal> {
    use FlowMove as M;
    if flow.is_terminal() {
        return Err(Refusal::terminal(flow.status));
    }
    let cancelling = flow.cancel_requested_at.is_some();
    match flow_move {
        M::SetWaiting | M::Block | M::Resume | M::Requeue | M::Finish | M::Fail | M::Pause
            if cancelling =>
        {
            Err(Refusal::new(Code::CancelRequested, "a cancel was requested"))
        }
        M::FinalizeCancel if !cancelling => {
            Err(Refusal::state("finalize the cancel of", "not to be cancelled"))
        }
        M::Pause if flow.paused_at.is_some() => Err(Refusal::state("pause", "paused already")),
        M::Unpause if flow.paused_at.is_none() => Err(Refusal::state("unpause", "not paused")),
        _ => next_status(flow.status, flow_move),
    }
}

/// The outcome of a command: the next revision if the row has changed, else nothing.
pub(super) fn moved(
    was: &Flow,
    mut flow: Flow,
    now: Millis,
    event: (&'static str, Value),
) -> Moved {
    if flow == *was {
        return Moved { flow, event: None };
    }
    flow.revision += 1;
    flow.updated_at = now.max(was.updated_at);
    Moved { flow, event: Some(event) }
}
