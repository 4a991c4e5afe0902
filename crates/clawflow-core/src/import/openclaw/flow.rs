//! A row of `flow_runs`, of TaskFlow or of ClawFlow before it.

use super::super::columns::Columns;
use super::super::origin::{Imported, digest, id_number};
use super::super::reason::LeftOut;
use super::SYSTEM;
use super::time::{id, key, made_at, origin, past, summary};
use crate::Millis;
use crate::flow::{
    ENGINE_CONTROLLER, Flow, FlowStatus, NotifyPolicy, SyncMode, blank, check_json, check_text,
};
use crate::ids::{FlowId, TaskId, encode};
use crate::limits::{OUTPUTS_BYTES_MAX, SUMMARY_CHARS_MAX, cut};
use serde_json::{Value, json};

/// The controller of flows that had none, as the original names it.
const RESTORED: &str = "core/legacy-restored";

/// The flow of a row, with the revision that it has there.
///
/// # Errors
/// Why it is left out.
pub fn flow(columns: Columns<'_>, now: Millis) -> Result<Flow, LeftOut> {
    let id = id(columns, "flow_id")?;
    let created_at = made_at(columns, now)?;
    let owner = owner(columns)?;
    let sync_mode = mode(columns)?;
    let controller = match sync_mode {
        SyncMode::Managed => controller(columns)?,
        _ => String::new(),
    };
    let number = id_number(SYSTEM, &id, created_at);
    let mut flow = Flow {
        sync_mode,
        requester_origin: origin(columns)?,
        revision: columns.count("revision")?.unwrap_or_default(),
        status: columns.word("status")?.ok_or_else(|| "`status` is blank".to_owned())?,
        notify_policy: columns.word("notify_policy")?.unwrap_or(NotifyPolicy::DoneOnly),
        goal: cut(columns.needed("goal")?, SUMMARY_CHARS_MAX),
        current_step: key(columns, "current_step")?,
        blocked_task_id: blocker(columns)?,
        blocked_summary: summary(columns, "blocked_summary")?,
        cancel_requested_at: past(columns, "cancel_requested_at", now)?,
        ..blank(
            FlowId(format!("{}{}", FlowId::PREFIX, encode(number))),
            owner,
            controller,
            created_at,
        )
    };
    if sync_mode != SyncMode::Managed {
        flow.controller_id = None;
    }
    values(columns, &mut flow)?;
    flow.updated_at = past(columns, "updated_at", now)?.unwrap_or(created_at).max(created_at);
    end(columns, &mut flow, now)?;
    flow.imported = Some(Box::new(Imported {
        system: SYSTEM.to_owned(),
        id,
        at: now,
        revision: flow.revision,
        digest: digest(&flow),
    }));
    Ok(flow)
}

fn owner(columns: Columns<'_>) -> Result<String, LeftOut> {
    let owner = columns.text("owner_key")?;
    let owner = owner.map_or_else(|| columns.text("owner_session_key"), |owner| Ok(Some(owner)))?;
    Ok(check_text("`owner_key`", owner.unwrap_or_default())?)
}

/// A row of ClawFlow has a shape instead; `single_task` is what was called mirrored later.
fn mode(columns: Columns<'_>) -> Result<SyncMode, LeftOut> {
    match columns.text("sync_mode")? {
        Some("managed") => Ok(SyncMode::Managed),
        Some("task_mirrored") => Ok(SyncMode::TaskMirrored),
        Some(other) => {
            let other = cut(other, super::super::limits::QUOTED_CHARS_MAX);
            Err(LeftOut::because(format!("`sync_mode` is unknown: {other}")))
        }
        None if columns.text("shape")? == Some("single_task") => Ok(SyncMode::TaskMirrored),
        None => Ok(SyncMode::Managed),
    }
}

fn controller(columns: Columns<'_>) -> Result<String, LeftOut> {
    let name = columns.text("controller_id")?.unwrap_or(RESTORED);
    if name == ENGINE_CONTROLLER {
        return Err(LeftOut::because(format!("{name} drives flows of workflow files only")));
    }
    Ok(check_text("`controller_id`", name)?)
}

/// The task that blocks it, by its id here if it is there.
fn blocker(columns: Columns<'_>) -> Result<Option<TaskId>, LeftOut> {
    let Some(id) = key(columns, "blocked_task_id")? else { return Ok(None) };
    Ok(Some(match columns.time("blocked_task_created_at")? {
        Some(at) => TaskId(format!("{}{}", TaskId::PREFIX, encode(id_number(SYSTEM, &id, at)))),
        None => TaskId(id),
    }))
}

/// What its controller keeps in it. `null` is a value, and another one than none.
fn values(columns: Columns<'_>, flow: &mut Flow) -> Result<(), LeftOut> {
    flow.state_json = columns.json("state_json")?;
    flow.wait_json = columns.json("wait_json")?;
    if let (None, Some(task)) = (&flow.wait_json, key(columns, "waiting_on_task_id")?) {
        flow.wait_json = Some(json!({ "kind": "task", "taskId": task }));
    }
    flow.outputs = columns.object("outputs_json")?.unwrap_or_default();
    for (what, value) in [("`state_json`", &flow.state_json), ("`wait_json`", &flow.wait_json)] {
        value.as_ref().map_or(Ok(()), |value| check_json(what, value))?;
    }
    let outputs = Value::Object(flow.outputs.clone());
    if !crate::json::fits(&outputs, OUTPUTS_BYTES_MAX) {
        return Err(LeftOut::because(format!(
            "`outputs_json` is larger than {OUTPUTS_BYTES_MAX} bytes"
        )));
    }
    Ok(check_json("`outputs_json`", &outputs)?)
}

/// Whether it has ended, and when.
fn end(columns: Columns<'_>, flow: &mut Flow, now: Millis) -> Result<(), LeftOut> {
    let ended_at = past(columns, "ended_at", now)?;
    let mirrors = flow.sync_mode == SyncMode::TaskMirrored;
    let over = match flow.status {
        FlowStatus::Blocked if !mirrors && ended_at.is_some() => {
            let why = "it is managed and has ended as blocked, which is no end here";
            return Err(LeftOut::because(why));
        }
        // What mirrors a task is blocked when that has ended, whether or not the row says so.
        FlowStatus::Blocked => mirrors,
        status => status.is_terminal(),
    };
    if mirrors && !over {
        return Err(LeftOut::active("it mirrors a task that is still active in OpenClaw"));
    }
    flow.ended_at = over.then(|| ended_at.unwrap_or(flow.updated_at).max(flow.created_at));
    // The end is a change of the row.
    flow.updated_at = flow.updated_at.max(flow.ended_at.unwrap_or_default());
    Ok(())
}
