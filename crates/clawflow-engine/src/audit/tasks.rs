//! Tasks and processes.

use super::look::{ENDED_MAX, PAGE};
use crate::api::ApiError;
use crate::clock::now;
use crate::engine::{Engine, lock};
use crate::reporter::here;
use crate::shim::procfs::{self, ProcId};
use crate::supervise::Looked;
use clawflow_core::audit::{Audit, AuditCode, Finding, Life, Stray, TaskFacts, task as judge};
use clawflow_core::ids::TaskId;
use clawflow_core::task::{Task, TaskStatus};
use clawflow_store::query::TaskFilter;
use std::collections::BTreeMap;

/// What a walk over the live tasks has seen.
#[derive(Default)]
pub(super) struct Seen {
    /// Tasks that must be looked at again.
    pub(super) suspects: Vec<TaskId>,
    /// How many wait in queues that are not configured.
    pub(super) unknown_queues: BTreeMap<String, u64>,
}

/// All tasks that have not ended.
pub(super) fn live(engine: &Engine, audit: &mut Audit) -> Result<Seen, ApiError> {
    let statuses = vec![TaskStatus::Queued, TaskStatus::Running];
    let mut filter = TaskFilter { statuses, limit: PAGE, ..TaskFilter::default() };
    let mut seen = Seen::default();
    loop {
        let page = engine.store().list_tasks(&filter)?;
        for task in &page {
            let queued = task.status == TaskStatus::Queued;
            if let Some(queue) = task.queue.as_ref().filter(|_| queued)
                && !engine.settings().queues.contains_key(queue)
            {
                *seen.unknown_queues.entry(queue.clone()).or_default() += 1;
            }
            let found = judged(engine, task)?;
            match found.iter().any(is_of_the_moment) {
                true => seen.suspects.push(task.task_id.clone()),
                false => audit.add(found),
            }
        }
        filter.after = page.last().map(|task| task.task_id.clone());
        if page.len() < PAGE {
            return Ok(seen);
        }
    }
}

/// Tasks of their own that are lost.
pub(super) fn lost(engine: &Engine, audit: &mut Audit) -> Result<(), ApiError> {
    let statuses = vec![TaskStatus::Lost];
    let filter = TaskFilter { statuses, limit: ENDED_MAX, ..TaskFilter::default() };
    for task in engine.store().list_tasks(&filter)? {
        audit.add(judged(engine, &task)?);
    }
    Ok(())
}

fn is_of_the_moment(found: &Finding) -> bool {
    matches!(found.code, AuditCode::StaleRunning | AuditCode::StaleQueued)
}

/// What is to be said of a task now.
pub(crate) fn judged(engine: &Engine, task: &Task) -> Result<Vec<Finding>, ApiError> {
    let watched = engine.inner.running.is_watched(&task.task_id);
    let queued = task.status == TaskStatus::Queued && !task.reported;
    let driven = engine.drives_task(task);
    let Looked { mut life, old_shim } = life(engine, task);
    if watched && life == Life::Unstarted {
        // It is about to start, or runs without a shim.
        life = Life::Unknown;
    }
    let facts = TaskFacts {
        task,
        driven,
        held: queued && is_held(engine, task)?,
        in_line: queued && (watched || engine.inner.slots.standing(&task.task_id).is_some()),
        life,
        old_shim,
    };
    Ok(judge(&facts, now()))
}

/// Whether the flow of a queued task holds it back.
fn is_held(engine: &Engine, task: &Task) -> Result<bool, ApiError> {
    let Some(flow_id) = &task.parent_flow_id else { return Ok(false) };
    let Some(flow) = engine.flow(flow_id)? else { return Ok(false) };
    Ok(flow.paused_at.is_some()
        || flow.cancel_requested_at.is_some()
        || flow.in_line_since.is_some()
        || flow.held_at.is_some())
}

/// What can be seen of the process of a task that is said to run.
pub(crate) fn life(engine: &Engine, task: &Task) -> Looked {
    let unknown = Looked { life: Life::Unknown, old_shim: false };
    let Some(executor) = task.executor.as_ref().filter(|_| task.status == TaskStatus::Running)
    else {
        return unknown;
    };
    if !task.reported {
        let supervisor = &engine.inner.supervisor;
        return supervisor.life(&executor.boot_id, task.task_id.as_str(), task.fence);
    }
    let (Some(pid), Some(start_time)) = (executor.pid, executor.start_time) else { return unknown };
    let followed = lock(&engine.inner.followed).contains(&task.task_id);
    let life = if executor.gateway != here() {
        Life::Unknown
    } else if followed {
        // Whoever follows it settles it.
        Life::Alive
    } else if executor.boot_id != engine.inner.executor.boot_id {
        Life::OtherBoot
    } else if procfs::is_alive(ProcId { pid, start_time }) {
        Life::Alive
    } else {
        Life::Gone
    };
    Looked { life, ..unknown }
}

/// Processes of attempts that are not live, by attempt.
#[derive(Default)]
pub(crate) struct Strays(BTreeMap<(String, u64), Stray>);

impl Strays {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that are in both, as they are now.
    pub(super) fn still<'s>(&self, now: &'s Self) -> Vec<&'s Stray> {
        now.0.iter().filter(|(key, _)| self.0.contains_key(*key)).map(|(_, one)| one).collect()
    }

    pub(crate) fn into_all(self) -> impl Iterator<Item = Stray> {
        self.0.into_values()
    }
}

/// Looks for living processes whose attempt has ended. Processes of tasks that this store does not
/// know may be those of another home, and are nobody's business here.
pub(crate) fn strays(engine: &Engine) -> Result<Strays, ApiError> {
    let mut found = Strays::default();
    for ((task_id, fence), pids) in engine.inner.supervisor.marked() {
        let Some(task) = engine.store().task(&TaskId(task_id.clone()))? else { continue };
        if task.fence == fence && !task.status.is_terminal() {
            continue;
        }
        let owner_key = Some(task.owner_key.clone());
        let ended_at = task.ended_at;
        let stray = Stray { task_id: task_id.clone(), fence, owner_key, pids, ended_at };
        found.0.insert((task_id, fence), stray);
    }
    Ok(found)
}
