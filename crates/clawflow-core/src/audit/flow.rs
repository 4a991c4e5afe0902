//! Flows that have not ended, and those that nobody knows the end of.

use super::code::{AuditCode as C, AuditScope, Severity};
use super::finding::{Finding, over};
use super::limits::{GRACE_MS, SILENT_MS};
use crate::Millis;
use crate::flow::{Flow, FlowStatus, SyncMode};
use serde_json::Value;

/// A flow that has not ended, and whether anything holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveFlow {
    /// The record.
    pub flow: Flow,
    /// An open task, an open wait, a step that is tried again, or a child flow that has not ended.
    pub held: bool,
}

/// Judges a live flow. `driven`: somebody drives it now; `blocker`: the task that is said to block
/// it is there.
#[must_use]
pub fn flow(live: &LiveFlow, driven: bool, blocker: bool, now: Millis) -> Vec<Finding> {
    let flow = &live.flow;
    let id = flow.flow_id.as_str();
    let find = |severity, code, detail: String, verb: &str| {
        let hint = format!("clawflow flows {verb} {id}");
        let found = Finding::new(AuditScope::Flow, severity, code, detail, hint);
        found.of(id, &flow.owner_key, flow.status.as_str())
    };
    let mut found = Vec::new();
    if let Some(detail) = times(flow) {
        found.push(find(Severity::Warn, C::InconsistentTimestamps, detail, "events"));
    }
    if flow.blocked_task_id.is_some() && !blocker {
        let task = flow.blocked_task_id.as_ref().map_or("", |id| id.as_str());
        let detail = format!("it is blocked by {task}, which is not there");
        let blocked = find(Severity::Warn, C::BlockedTaskMissing, detail, "resume");
        found.push(blocked.since(flow.updated_at, now));
    }
    if live.held || flow.sync_mode != SyncMode::Managed {
        return found;
    }
    if let Some(at) = flow.cancel_requested_at {
        if over(at.max(flow.updated_at), GRACE_MS, now) {
            let detail = "a cancel was requested, nothing is left to stop, and it has not ended";
            let stuck = find(Severity::Error, C::CancelStuck, detail.to_owned(), "cancel");
            found.push(stuck.since(at, now).idle_unless(driven));
        }
    } else if flow.is_engine() {
        let waits = flow.paused_at.is_some() || flow.in_line_since.is_some();
        if !waits && over(flow.updated_at, GRACE_MS, now) {
            let detail = "nothing of it is at work, and it waits for nothing";
            let stale = find(Severity::Error, C::StaleRunning, detail.to_owned(), "why");
            found.push(stale.since(flow.updated_at, now));
        }
    } else if is_forgotten(flow) && over(flow.updated_at, SILENT_MS, now) {
        let who = flow.controller_id.as_deref().unwrap_or("nobody");
        let detail = format!("nothing of it is at work, and its controller {who} is silent");
        let missing = find(Severity::Warn, C::MissingLinkedTasks, detail, "why");
        found.push(missing.since(flow.updated_at, now));
    }
    found
}

/// Judges a flow that is lost.
#[must_use]
pub fn flow_lost(flow: &Flow, now: Millis) -> Option<Finding> {
    let at = flow.ended_at.filter(|_| flow.status == FlowStatus::Lost)?;
    let detail = flow.error.clone().unwrap_or_else(|| "nobody knows how it ended".to_owned());
    let id = flow.flow_id.as_str();
    let hint = format!("clawflow flows retry {id}");
    let found = Finding::new(AuditScope::Flow, Severity::Warn, C::Lost, detail, hint);
    Some(found.of(id, &flow.owner_key, flow.status.as_str()).since(at, now))
}

/// Whether its controller has not even noted what it waits for.
fn is_forgotten(flow: &Flow) -> bool {
    let notes = matches!(&flow.wait_json, Some(note) if *note != Value::Null);
    !notes && flow.blocked_task_id.is_none() && flow.blocked_summary.is_none()
}

fn times(flow: &Flow) -> Option<String> {
    if flow.updated_at < flow.created_at {
        return Some("it was changed before it was made".to_owned());
    }
    let ended = flow.ended_at?;
    (ended < flow.created_at).then(|| "it ended before it was made".to_owned())
}
