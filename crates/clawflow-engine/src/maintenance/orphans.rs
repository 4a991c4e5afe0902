//! Processes that live though their attempt has ended.

use crate::api::{Api, ApiError, MaintenanceAction, blocking};
use crate::audit::strays;
use crate::clock::now;
use crate::supervise::Emptiness;
use clawflow_core::audit::{self, Stray};
use clawflow_core::ids::TaskId;

impl Api {
    /// Ends them, and proves that none is left.
    pub(super) async fn end_orphans(
        &self,
        apply: bool,
    ) -> Result<Vec<MaintenanceAction>, ApiError> {
        let engine = self.engine.clone();
        let found = blocking(move || strays(&engine)).await?;
        let mut actions = Vec::new();
        for stray in found.into_all() {
            let Some(finding) = audit::stray(&stray, now()) else { continue };
            let (kind, id) = ("end_orphans".to_owned(), stray.task_id.clone());
            let (text, done) = match apply {
                false => (finding.detail, false),
                true => self.end_orphan(&stray).await?,
            };
            actions.push(MaintenanceAction { kind, id, text, done });
        }
        Ok(actions)
    }

    async fn end_orphan(&self, stray: &Stray) -> Result<(String, bool), ApiError> {
        let task = self.engine.store().task(&TaskId(stray.task_id.clone()))?;
        let boot_id = self.engine.supervisor().boot().to_owned();
        // Between the look and now it may have been claimed again.
        if task.is_some_and(|task| task.fence == stray.fence && !task.status.is_terminal()) {
            return Ok(("it runs again".to_owned(), false));
        }
        let (task, fence) = (stray.task_id.as_str(), stray.fence);
        Ok(match self.engine.supervisor().prove_empty(&boot_id, task, fence).await {
            Ok(Emptiness::Proved { killed }) => {
                let pids: Vec<String> = killed.iter().map(|id| id.pid.to_string()).collect();
                (format!("killed {}; none is left", pids.join(", ")), true)
            }
            Ok(Emptiness::NotProved { reason, pids }) => {
                (format!("processes {pids:?} are left: {reason}"), false)
            }
            Err(error) => (error.to_string(), false),
        })
    }
}
