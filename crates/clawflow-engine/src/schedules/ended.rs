//! The ends of what runs are: told by the commit that brings them to disk, found in the store after
//! a crash.

use super::stop;
use crate::clock::now;
use crate::engine::{Engine, lock};
use crate::error::EngineError;
use clawflow_core::drive::Ctx;
use clawflow_core::flow::FlowStatus;
use clawflow_core::ids::{FlowId, RunId};
use clawflow_core::schedule::{FLOW_LABEL, Outcome, RunStatus, ScheduleRun, State, settled};
use clawflow_core::task::{Runtime, Task, TaskStatus};
use clawflow_core::unit::Unit;
use clawflow_store::StoreError;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use tokio::task::JoinSet;

/// Ends that are taken note of at the same time.
const AT_ONCE: usize = 128;
/// Open runs that one look at the store reads.
const PAGE: usize = 500;

/// Tasks and flows of runs that have ended, until that is taken note of.
#[derive(Default)]
pub(crate) struct Ended {
    // Short critical sections without awaits: a std mutex.
    ids: Mutex<HashSet<String>>,
    /// Flows that runs have joined: nothing in them says so.
    joined: Mutex<HashSet<String>>,
}

impl Ended {
    pub(crate) fn add(&self, ids: &[String]) {
        lock(&self.ids).extend(ids.iter().cloned());
    }

    /// Takes note of the end of this flow from now on, whoever began it.
    pub(crate) fn follow(&self, flow_id: &FlowId) {
        lock(&self.joined).insert(flow_id.0.clone());
    }

    /// Takes note of those of these flows that runs have joined; says whether there are any.
    pub(crate) fn add_joined(&self, flows: &[FlowId]) -> bool {
        let mut joined = lock(&self.joined);
        let ended: Vec<String> =
            flows.iter().filter(|id| joined.remove(&id.0)).map(|id| id.0.clone()).collect();
        drop(joined);
        self.add(&ended);
        !ended.is_empty()
    }

    fn take(&self) -> HashSet<String> {
        std::mem::take(&mut lock(&self.ids))
    }
}

/// Flows that end with this unit, of which none says that a schedule began it.
pub(crate) fn other_ends_of(unit: &Unit) -> Vec<FlowId> {
    let flows = unit.flows.iter().map(|change| &change.row);
    let ended = flows.filter(|flow| flow.is_terminal() && !flow.labels.contains_key(FLOW_LABEL));
    ended.map(|flow| flow.flow_id.clone()).collect()
}

/// What of a unit may be the end of a run: its task or flow.
pub(crate) fn ends_of(unit: &Unit) -> Vec<String> {
    let tasks = unit.tasks.iter().map(|change| &change.row);
    // The schedule is the source of an agent's turn too.
    let is_run = |task: &&Arc<Task>| match task.runtime {
        Runtime::Cron => true,
        Runtime::Acp | Runtime::Subagent => task.source_id.is_some(),
        _ => false,
    };
    let tasks = tasks.filter(|task| is_run(task) && task.status.is_terminal());
    let flows = unit.flows.iter().map(|change| &change.row);
    let flows = flows.filter(|flow| flow.labels.contains_key(FLOW_LABEL) && flow.is_terminal());
    let tasks = tasks.map(|task| task.task_id.0.clone());
    tasks.chain(flows.map(|flow| flow.flow_id.0.clone())).collect()
}

/// Takes note of the ends that were told. What fails is looked at again later: the caller is told
/// that there is such.
pub(super) async fn settle_told(engine: &Engine) -> bool {
    let mut failed = false;
    let mut told: Vec<String> = engine.inner.ended_work.take().into_iter().collect();
    while !told.is_empty() {
        // Together, so that they share commits.
        let mut settling = JoinSet::new();
        for id in told.drain(..told.len().min(AT_ONCE)) {
            let engine = engine.clone();
            settling.spawn(async move { (settle_work(&engine, &id).await, id) });
        }
        for (settled, id) in settling.join_all().await {
            if let Err(error) = settled {
                tracing::warn!(id, %error, "the end of a run is taken note of later");
                engine.inner.ended_work.add(&[id]);
                failed = true;
            }
        }
    }
    failed
}

async fn settle_work(engine: &Engine, id: &str) -> Result<(), EngineError> {
    for run in engine.inner.store.schedules().runs_of_work(id)? {
        settle(engine, &run).await?;
    }
    Ok(())
}

/// Looks at every open run: how it ended while nobody took note, and whether it was to be stopped.
pub(super) async fn settle_found(engine: &Engine) -> Result<(), EngineError> {
    let mut after: Option<RunId> = None;
    loop {
        let page = engine.inner.store.schedules().open_runs(after.as_ref(), PAGE)?;
        for run in &page {
            if let Some(flow_id) = run.flow_id.as_ref().filter(|_| run.joined) {
                engine.inner.ended_work.follow(flow_id);
            }
            settle(engine, run).await?;
            if run.stopping.is_some() {
                stop::stop(engine, run);
            }
        }
        if page.len() < PAGE {
            return Ok(());
        }
        after = page.last().map(|run| run.run_id.clone());
    }
}

async fn settle(engine: &Engine, run: &ScheduleRun) -> Result<(), EngineError> {
    if run.status != RunStatus::Running {
        return Ok(());
    }
    let Some(outcome) = outcome(engine, run)? else { return Ok(()) };
    let id = run.run_id.clone();
    let settle = move |state: &State, ctx: &mut Ctx<'_>| Ok(settled(state, &id, &outcome, ctx));
    match engine.decide_schedule(None, &run.schedule_id, settle).await {
        Ok(_) => Ok(()),
        // It was deleted meanwhile, and its runs with it.
        Err(EngineError::Refused { refusal, .. }) if refusal.code.as_str() == "not_found" => Ok(()),
        Err(error) => Err(error),
    }
}

/// How the task or flow of a run ended; `None`, if it goes on.
fn outcome(engine: &Engine, run: &ScheduleRun) -> Result<Option<Outcome>, StoreError> {
    let store = &engine.inner.store;
    if let Some(id) = &run.task_id
        && let Some(task) = store.task(id)?
    {
        let status = match task.status {
            TaskStatus::Queued | TaskStatus::Running => return Ok(None),
            TaskStatus::Succeeded => RunStatus::Succeeded,
            TaskStatus::Failed => RunStatus::Failed,
            TaskStatus::TimedOut => RunStatus::TimedOut,
            TaskStatus::Cancelled => RunStatus::Cancelled,
            TaskStatus::Lost => RunStatus::Lost,
        };
        let at = task.ended_at.unwrap_or_else(now);
        return Ok(Some(Outcome { status, error: task.error.clone(), at }));
    }
    if let Some(id) = &run.flow_id
        && let Some(flow) = store.find_flows(id.as_str())?.into_iter().next()
    {
        let status = match flow.status {
            FlowStatus::Succeeded => RunStatus::Succeeded,
            FlowStatus::Failed => RunStatus::Failed,
            FlowStatus::Cancelled => RunStatus::Cancelled,
            FlowStatus::Lost => RunStatus::Lost,
            FlowStatus::Queued
            | FlowStatus::Running
            | FlowStatus::Waiting
            | FlowStatus::Blocked => return Ok(None),
        };
        let at = flow.ended_at.unwrap_or_else(now);
        return Ok(Some(Outcome { status, error: flow.error, at }));
    }
    // It was purged: nobody can tell any more.
    let error = Some("its task or flow is gone".to_owned());
    Ok(Some(Outcome { status: RunStatus::Lost, error, at: now() }))
}
