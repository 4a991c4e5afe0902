//! Flows, their waits and their timers.

use super::look::{ENDED_MAX, PAGE};
use crate::api::ApiError;
use crate::clock::now;
use crate::engine::Engine;
use clawflow_core::Millis;
use clawflow_core::audit::{self, Audit, DueFacts, Target};
use clawflow_core::flow::FlowStatus;
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::wait::WaitKind;
use clawflow_store::query::{DueWhat, FlowFilter};

/// All flows that have not ended.
pub(super) fn live(engine: &Engine, audit: &mut Audit) -> Result<(), ApiError> {
    let (store, now) = (engine.store(), now());
    for status in FlowStatus::ALL.iter().copied().filter(|status| !status.is_terminal()) {
        let mut after: Option<FlowId> = None;
        loop {
            let page = store.upkeep().live_flows(status, after.as_ref(), PAGE)?;
            for live in &page {
                let blocker = match &live.flow.blocked_task_id {
                    Some(task_id) => store.task(task_id)?.is_some(),
                    None => true,
                };
                let driven = engine.drives(&live.flow.flow_id);
                audit.add(audit::flow(live, driven, blocker, now));
            }
            after = page.last().map(|live| live.flow.flow_id.clone());
            if page.len() < PAGE {
                break;
            }
        }
    }
    Ok(())
}

/// Lost flows that nobody has tried again.
pub(super) fn lost(engine: &Engine, audit: &mut Audit) -> Result<(), ApiError> {
    let filter = FlowFilter {
        statuses: vec![FlowStatus::Lost],
        retried: Some(false),
        limit: ENDED_MAX,
        ..FlowFilter::default()
    };
    let lost = engine.store().list_flows(&filter)?;
    audit.add(lost.iter().filter_map(|row| audit::flow_lost(&row.flow, now())));
    Ok(())
}

/// Open waits that nobody resolves by himself.
pub(super) fn waits(engine: &Engine, audit: &mut Audit) -> Result<(), ApiError> {
    let (store, now) = (engine.store(), now());
    for kind in [WaitKind::InDoubt, WaitKind::Task, WaitKind::Flow] {
        let mut after = None;
        loop {
            let page = store.upkeep().open_waits(kind, after.as_ref(), PAGE)?;
            for one in &page {
                let target = match (kind, &one.wait.target) {
                    (WaitKind::Task, Some(id)) => task(engine, id)?,
                    (WaitKind::Flow, Some(id)) => flow(engine, id)?,
                    _ => Target::Open,
                };
                let driven = engine.drives(&one.wait.flow_id);
                audit.add(audit::wait(&one.wait, &one.owner_key, target, driven, now));
            }
            after = page.last().map(|one| one.wait.wait_id.clone());
            if page.len() < PAGE {
                break;
            }
        }
    }
    Ok(())
}

/// How a task stands that is waited for.
pub(super) fn task(engine: &Engine, id: &str) -> Result<Target, ApiError> {
    let found = engine.store().task(&TaskId(id.to_owned()))?;
    Ok(found.map_or(Target::Missing, |task| target(task.ended_at)))
}

/// How a flow stands that is waited for.
pub(super) fn flow(engine: &Engine, id: &str) -> Result<Target, ApiError> {
    let found = engine.flow(&FlowId(id.to_owned()))?;
    Ok(found.map_or(Target::Missing, |flow| target(flow.ended_at)))
}

fn target(ended_at: Option<Millis>) -> Target {
    ended_at.map_or(Target::Open, Target::Ended)
}

/// Deadlines and retries whose time has passed.
pub(super) fn due(engine: &Engine, audit: &mut Audit) -> Result<(), ApiError> {
    let (store, now) = (engine.store(), now());
    for due in store.due(now - audit::limits::GRACE_MS, None, ENDED_MAX)? {
        let Some(flow) = engine.flow(&due.flow_id)? else { continue };
        let (step, retry) = match &due.what {
            DueWhat::Retry(step) => (Some(step.clone()), true),
            DueWhat::Wait(id) => (store.wait(id)?.and_then(|wait| wait.step_id), false),
        };
        let facts = DueFacts {
            flow_id: due.flow_id.as_str(),
            owner_key: &flow.owner_key,
            status: flow.status.as_str(),
            step: step.as_deref(),
            retry,
            at: due.at,
            driven: engine.drives(&due.flow_id),
        };
        audit.add(audit::due(&facts, now));
    }
    Ok(())
}
