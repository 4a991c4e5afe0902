//! How long what has ended is kept, and the sweep that deletes it.
//!
//! Use: a gateway spawns [`keep_sweeping`]; `maintenance.sweep` is the same sweep, once, or only a
//! count. One sweep at a time.
//!
//! Limits: so little is deleted in one transaction that whoever else writes hardly waits. Failure:
//! what could not be deleted now is found again by the next sweep; logs without a record are
//! litter.

use crate::api::{Api, ApiError};
use crate::clock::now;
use crate::runtime::raised;
use clawflow_core::Millis;
use clawflow_core::flow::FlowStatus;
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::task::TaskStatus;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Pause between two sweeps.
const SWEEP_EVERY: Duration = Duration::from_secs(60);
/// Pause before the first one: a gateway that starts has other things to do.
const FIRST_SWEEP: Duration = Duration::from_secs(5);
/// Flows that one transaction deletes, with all that depends on them.
const FLOWS_AT_ONCE: usize = 4;
/// Tasks that one transaction deletes, with their history.
const TASKS_AT_ONCE: usize = 64;
/// Rows that are looked at for a count.
const PAGE: usize = 1000;

/// How long what has ended is kept, in milliseconds after its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Retention {
    /// What succeeded, and what ended blocked.
    pub succeeded_ms: u64,
    /// What failed or ran out of time.
    pub failed_ms: u64,
    /// What was cancelled.
    pub cancelled_ms: u64,
    /// What was lost.
    pub lost_ms: u64,
}

impl Default for Retention {
    fn default() -> Self {
        const DAY_MS: u64 = 24 * 60 * 60 * 1000;
        let week = 7 * DAY_MS;
        Self { succeeded_ms: week, failed_ms: week, cancelled_ms: week, lost_ms: DAY_MS }
    }
}

impl Retention {
    fn of_flow(self, status: FlowStatus) -> u64 {
        match status {
            FlowStatus::Failed => self.failed_ms,
            FlowStatus::Cancelled => self.cancelled_ms,
            FlowStatus::Lost => self.lost_ms,
            _ => self.succeeded_ms,
        }
    }

    fn of_task(self, status: TaskStatus) -> u64 {
        match status {
            TaskStatus::Failed | TaskStatus::TimedOut => self.failed_ms,
            TaskStatus::Cancelled => self.cancelled_ms,
            TaskStatus::Lost => self.lost_ms,
            _ => self.succeeded_ms,
        }
    }
}

/// What a sweep has deleted, or would.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Swept {
    /// Flows, each with its tasks, steps, waits and history.
    pub flows: u64,
    /// Tasks without a flow.
    pub tasks: u64,
}

/// Sweeps now and then, until the engine stops.
pub async fn keep_sweeping(api: Api, retention: Retention) {
    let mut stopping = api.engine().stopping();
    let mut pause = FIRST_SWEEP;
    loop {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = raised(&mut stopping) => return,
        }
        pause = SWEEP_EVERY;
        let swept = tokio::select! {
            swept = api.sweep(retention, true) => swept,
            () = raised(&mut stopping) => return,
        };
        match swept {
            Ok(Swept { flows: 0, tasks: 0 }) => {}
            Ok(Swept { flows, tasks }) => tracing::info!(flows, tasks, "old records are deleted"),
            Err(error) => tracing::warn!(%error, "old records are deleted later"),
        }
    }
}

fn before(kept_ms: u64) -> Millis {
    now().saturating_sub(Millis::try_from(kept_ms).unwrap_or(Millis::MAX))
}

impl Api {
    /// Deletes what has been kept for long enough, or only counts it. Waits for a sweep that is
    /// under way.
    ///
    /// # Errors
    /// Those of the store; some may be deleted already.
    pub async fn sweep(&self, retention: Retention, apply: bool) -> Result<Swept, ApiError> {
        let _turn = self.engine.inner.sweeping.lock().await;
        let mut swept = Swept::default();
        for status in FlowStatus::ALL.iter().copied() {
            // A mirrored flow may end as blocked.
            if status.is_terminal() || status == FlowStatus::Blocked {
                swept.flows +=
                    self.sweep_flows(status, before(retention.of_flow(status)), apply).await?;
            }
        }
        for status in TaskStatus::ALL.iter().copied().filter(|status| status.is_terminal()) {
            swept.tasks +=
                self.sweep_tasks(status, before(retention.of_task(status)), apply).await?;
        }
        Ok(swept)
    }

    async fn sweep_flows(
        &self,
        status: FlowStatus,
        before: Millis,
        apply: bool,
    ) -> Result<u64, ApiError> {
        let store = self.engine.store();
        let limit = if apply { FLOWS_AT_ONCE } else { PAGE };
        let (mut count, mut after): (u64, Option<FlowId>) = (0, None);
        loop {
            let found = store.ended_flows(status, before, after.as_ref(), limit)?;
            let Some(last) = found.last() else { return Ok(count) };
            after = Some(last.clone());
            if apply {
                match self.purge(&found).await {
                    Err(error) if error.code == "invalid" => {
                        // One of them owes something since we looked: the next sweep sees.
                        tracing::debug!(%error, "some flows stay for now");
                        continue;
                    }
                    done => done?,
                }
            }
            count += found.len() as u64;
            tokio::task::yield_now().await;
        }
    }

    async fn sweep_tasks(
        &self,
        status: TaskStatus,
        before: Millis,
        apply: bool,
    ) -> Result<u64, ApiError> {
        let limit = if apply { TASKS_AT_ONCE } else { PAGE };
        let (mut count, mut after): (u64, Option<TaskId>) = (0, None);
        loop {
            let store = self.engine.store().clone();
            let found = store.ended_tasks(status, before, after.as_ref(), limit)?;
            let Some(last) = found.last() else { return Ok(count) };
            after = Some(last.task_id.clone());
            if !apply {
                count += found.len() as u64;
                tokio::task::yield_now().await;
                continue;
            }
            let ids: Vec<TaskId> = found.iter().map(|task| task.task_id.clone()).collect();
            let forgotten = tokio::task::spawn_blocking(move || store.forget_tasks(&ids)).await;
            count += forgotten.map_err(|error| ApiError::new("internal", error.to_string()))??;
            for task in found {
                if let Some(boot_id) = task.boot_id {
                    self.remove_logs(&boot_id, &task.task_id.0, task.fence).await;
                }
            }
        }
    }
}
