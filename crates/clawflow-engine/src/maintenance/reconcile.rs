//! Records against processes: tasks that are said to run, and of which nothing lives.

use crate::api::{Api, ApiError, MaintenanceAction};
use crate::audit::life;
use crate::clock::now;
use crate::recover::examine_once;
use crate::runtime::Attempt;
use clawflow_core::audit::Life;
use clawflow_core::audit::limits::GRACE_MS;
use clawflow_core::task::{Task, TaskStatus};
use clawflow_store::query::TaskFilter;
use std::time::Duration;

/// Tasks of one page.
const PAGE: usize = 500;
/// Pause before another look: whoever watches an attempt settles it in less.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

impl Api {
    /// Settles tasks whose process has ended or is gone, and that nobody watches, by the evidence
    /// that is there: with the exit that was left, else as lost, once nothing of them can act.
    pub(super) async fn reconcile(&self, apply: bool) -> Result<Vec<MaintenanceAction>, ApiError> {
        let mut suspects = self.dead(None)?;
        if suspects.is_empty() {
            return Ok(Vec::new());
        }
        tokio::time::sleep(AGAIN_AFTER).await;
        suspects = self.dead(Some(suspects))?;
        let mut actions = Vec::new();
        for (task, life) in suspects {
            actions.push(match (task.reported, apply) {
                (_, false) => found(&task, life),
                (true, true) => {
                    self.engine.follow_reporter(&task);
                    let text = "its process is gone: it is settled by what is known";
                    action("reconcile", &task, text, true)
                }
                (false, true) => self.settle_by_evidence(&task).await?,
            });
        }
        Ok(actions)
    }

    /// Those of these tasks, or of all, whose process is not alive.
    fn dead(&self, of: Option<Vec<(Task, Life)>>) -> Result<Vec<(Task, Life)>, ApiError> {
        let mut dead = Vec::new();
        if let Some(of) = of {
            for (task, _) in of {
                let task = self.engine.store().task(&task.task_id)?;
                let again = task.map(std::sync::Arc::unwrap_or_clone);
                dead.extend(again.and_then(|task| self.is_dead(task)));
            }
            return Ok(dead);
        }
        let statuses = vec![TaskStatus::Running];
        let mut filter = TaskFilter { statuses, limit: PAGE, ..TaskFilter::default() };
        loop {
            let page = self.engine.store().list_tasks(&filter)?;
            filter.after = page.last().map(|task| task.task_id.clone());
            let full = page.len() == PAGE;
            dead.extend(page.into_iter().filter_map(|task| self.is_dead(task)));
            if !full {
                return Ok(dead);
            }
        }
    }

    fn is_dead(&self, task: Task) -> Option<(Task, Life)> {
        if self.engine.inner.running.is_watched(&task.task_id) {
            return None;
        }
        let life = life(&self.engine, &task).life;
        let begun = task.started_at.unwrap_or(task.last_event_at);
        let dead = match life {
            Life::Alive | Life::Unknown => false,
            // Only an engine that drives it may start it now.
            Life::Unstarted => self.engine.drives_task(&task) && now() - begun > GRACE_MS,
            Life::Ended(_) | Life::Gone | Life::OtherBoot => true,
        };
        dead.then_some((task, life))
    }

    async fn settle_by_evidence(&self, task: &Task) -> Result<MaintenanceAction, ApiError> {
        examine_once(&self.engine, &Attempt::of_task(task)).await;
        let now = self.engine.store().task(&task.task_id)?;
        let status = now.as_ref().map_or(task.status, |now| now.status);
        let why = now.as_ref().and_then(|now| now.error.clone());
        let text = match (status, why) {
            (TaskStatus::Running, _) => {
                let text = "it stays: something of it may still act, or it was taken up again";
                return Ok(action("reconcile", task, text, false));
            }
            (status, Some(why)) => format!("it is {status}: {why}"),
            (status, None) => format!("it is {status}"),
        };
        Ok(action("reconcile", task, &text, true))
    }
}

fn found(task: &Task, life: Life) -> MaintenanceAction {
    let text = match life {
        Life::Ended(_) => "its process has ended: it is settled with the exit that was left",
        Life::OtherBoot => "the machine was restarted while it ran: it is lost",
        Life::Unstarted => "it was never executed: it is started, or settled if it was cancelled",
        _ => "its process is gone: it is lost, once nothing of it can act",
    };
    action("reconcile", task, text, false)
}

fn action(kind: &str, task: &Task, text: &str, done: bool) -> MaintenanceAction {
    MaintenanceAction {
        kind: kind.to_owned(),
        id: task.task_id.0.clone(),
        text: text.to_owned(),
        done,
    }
}
