//! Queued tasks that nothing holds back, and that no line knows: nobody would ever start them.

use crate::api::{Api, ApiError, MaintenanceAction, blocking};
use crate::audit::judged;
use crate::engine::Engine;
use clawflow_core::audit::AuditCode;
use clawflow_core::task::{Task, TaskStatus};
use std::sync::Arc;

impl Api {
    /// Puts those back in line that this engine is to start, as the audit judges them. One that
    /// got there meanwhile stays where it is, and whether it may start is decided when it does.
    pub(super) async fn back_in_line(
        &self,
        apply: bool,
    ) -> Result<Vec<MaintenanceAction>, ApiError> {
        let engine = self.engine.clone();
        let found = blocking(move || forgotten(&engine)).await?;
        let mut actions = Vec::new();
        for task in found.into_iter().filter(|task| self.engine.drives_task(task)) {
            let text = match apply {
                false => "it is queued and stands in no line: it is put there again",
                true => "it is in line again",
            };
            if apply {
                self.engine.enqueue(&task);
            }
            let (kind, id) = ("back_in_line".to_owned(), task.task_id.0.clone());
            actions.push(MaintenanceAction { kind, id, text: text.to_owned(), done: apply });
        }
        Ok(actions)
    }
}

/// Tasks that have stood in no line for longer than it takes to come into one. Only of those that
/// no line knows the record is read: thousands may wait.
fn forgotten(engine: &Engine) -> Result<Vec<Arc<Task>>, ApiError> {
    let mut found = Vec::new();
    for (task_id, status, _) in engine.store().work(None)?.tasks {
        if status != TaskStatus::Queued || engine.inner.slots.has(&task_id) {
            continue;
        }
        let Some(task) = engine.store().task(&task_id)? else { continue };
        let stale = judged(engine, &task)?.iter().any(|one| one.code == AuditCode::StaleQueued);
        if stale {
            found.push(task);
        }
    }
    Ok(found)
}
