//! A row of `task_runs`.

use super::super::columns::Columns;
use super::super::origin::{Imported, digest, id_number};
use super::super::reason::LeftOut;
use super::SYSTEM;
use super::time::{id, key, made_at, origin, past, summary};
use crate::Millis;
use crate::flow::{NotifyPolicy, check_text};
use crate::ids::{FlowId, TaskId, encode};
use crate::limits::{SUMMARY_CHARS_MAX, cut};
use crate::task::{DeliveryStatus, Runtime, ScopeKind, Task, TaskStatus, Usage, back_date, bare};

/// The owner of tasks that belong to no session: no record here has a blank one.
const SYSTEM_OWNER: &str = "system";

/// A task of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadTask {
    /// The task; its flow is the one that it has there.
    pub task: Task,
    /// Why it has no flow, though it names one.
    pub unlinked: Option<String>,
    /// Where its message stood there.
    pub delivery: Option<String>,
}

/// The ended task of a row. It owes no message, wherever that stood there.
///
/// # Errors
/// Why it is left out; one that has not ended is active.
pub fn task(columns: Columns<'_>, now: Millis) -> Result<ReadTask, LeftOut> {
    let id = id(columns, "task_id")?;
    let created_at = made_at(columns, now)?;
    let status: TaskStatus = columns.word("status")?.ok_or("`status` is blank".to_owned())?;
    if !status.is_terminal() {
        return Err(LeftOut::active(format!("it is still {status} in OpenClaw")));
    }
    let (owner, scope_kind) = owner(columns)?;
    let runtime = columns.word("runtime")?.ok_or("`runtime` is blank".to_owned())?;
    if runtime == Runtime::External {
        return Err(LeftOut::because("`runtime` is unknown: external"));
    }
    let delivery = columns.text("delivery_status")?.map(|word| cut(word, SUMMARY_CHARS_MAX));
    let told = delivery.as_deref() == Some(DeliveryStatus::Delivered.as_str());
    let shown = columns.needed("task")?;
    let mut task = Task {
        runtime,
        kind: summary(columns, "task_kind")?,
        source_id: summary(columns, "source_id")?,
        scope_kind,
        requester_origin: origin(columns)?,
        child_session_key: key(columns, "child_session_key")?,
        parent_task_id: parent_task(columns, &id, created_at)?,
        agent_id: summary(columns, "agent_id")?,
        run_id: summary(columns, "run_id")?,
        label: summary(columns, "label")?,
        status,
        terminal_outcome: columns.word("terminal_outcome")?,
        delivery_status: match told {
            true => DeliveryStatus::Delivered,
            false => DeliveryStatus::NotApplicable,
        },
        notify_policy: columns.word("notify_policy")?.unwrap_or(NotifyPolicy::DoneOnly),
        started_at: past(columns, "started_at", now)?,
        progress_summary: summary(columns, "progress_summary")?,
        terminal_summary: summary(columns, "terminal_summary")?,
        error: summary(columns, "error")?,
        usage: usage(columns)?,
        reported: true,
        ..bare(made_id(&id, created_at), owner, shown, created_at)
    };
    let unlinked = link(columns, &mut task)?;
    times(columns, &mut task, now)?;
    task.imported = Some(Box::new(Imported {
        system: SYSTEM.to_owned(),
        id,
        at: now,
        revision: 0,
        digest: digest(&task),
    }));
    Ok(ReadTask { task, unlinked, delivery })
}

fn made_id(id: &str, created_at: Millis) -> TaskId {
    TaskId(format!("{}{}", TaskId::PREFIX, encode(id_number(SYSTEM, id, created_at))))
}

/// Whose it is. What belongs to no session may have no owner there.
fn owner(columns: Columns<'_>) -> Result<(String, ScopeKind), LeftOut> {
    let scope = columns.word("scope_kind")?.unwrap_or(ScopeKind::Session);
    let owner = columns.text("owner_key")?;
    let owner = owner.map_or_else(|| columns.text("requester_session_key"), |it| Ok(Some(it)))?;
    let nobody = owner.is_none() && scope == ScopeKind::System;
    let owner = if nobody { SYSTEM_OWNER } else { owner.unwrap_or_default() };
    Ok((check_text("`owner_key`", owner)?, scope))
}

/// The task that it tried again, if that was made before it: so no row is its own ancestor.
fn parent_task(
    columns: Columns<'_>,
    id: &str,
    created_at: Millis,
) -> Result<Option<TaskId>, LeftOut> {
    let Some(parent) = key(columns, "parent_task_id")? else { return Ok(None) };
    let made_at = columns.time("parent_task_created_at")?;
    let before = made_at.filter(|at| (*at, parent.as_str()) < (created_at, id));
    Ok(before.map(|at| made_id(&parent, at)))
}

/// Puts it below its flow; says why not, if that is not there.
fn link(columns: Columns<'_>, task: &mut Task) -> Result<Option<String>, LeftOut> {
    let Some(flow) = key(columns, "parent_flow_id")? else { return Ok(None) };
    let Some(at) = columns.time("flow_created_at")? else {
        return Ok(Some(format!("its flow {flow} is not in OpenClaw's ledger")));
    };
    let number = id_number(SYSTEM, &flow, at);
    task.parent_flow_id = Some(FlowId(format!("{}{}", FlowId::PREFIX, encode(number))));
    Ok(None)
}

fn times(columns: Columns<'_>, task: &mut Task, now: Millis) -> Result<(), LeftOut> {
    let last = past(columns, "last_event_at", now)?;
    let ended = past(columns, "ended_at", now)?.or(last);
    task.ended_at = Some(ended.or(task.started_at).unwrap_or(task.created_at));
    task.last_event_at = last.or(task.ended_at).unwrap_or(task.created_at);
    back_date(task);
    Ok(())
}

fn usage(columns: Columns<'_>) -> Result<Option<Usage>, LeftOut> {
    let calls = columns.count("tool_use_count")?.filter(|calls| *calls > 0);
    Ok(calls.map(|calls| Usage { tool_calls: Some(calls), ..Usage::default() }))
}
