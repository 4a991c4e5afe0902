//! What a person may mean by a word.

use super::state::Rows;
use crate::query::{FIND_CHARS_MIN, FIND_MAX};
use clawflow_core::flow::Flow;
use clawflow_core::ids::{FlowId, TaskId};
use clawflow_core::task::{Runtime, Task};
use std::sync::Arc;

impl Rows {
    pub(super) fn find_flows(&self, token: &str) -> Vec<Flow> {
        if let Some(flow) = self.flows.get(&FlowId::from(token)) {
            return vec![flow.clone()];
        }
        let by_key = |flow: &&Flow| flow.key.as_deref() == Some(token);
        let live = |flow: &&Flow| flow.ended_at.is_none();
        let newest_first = || self.flows.values().rev();
        let mut found: Vec<Flow> =
            newest_first().filter(by_key).filter(live).take(FIND_MAX).cloned().collect();
        if found.is_empty() {
            found.extend(newest_first().find(by_key).cloned());
        }
        if found.is_empty() && token.chars().count() >= FIND_CHARS_MIN {
            let part = newest_first().filter(|flow| flow.flow_id.as_str().contains(token));
            found.extend(part.take(FIND_MAX).cloned());
        }
        if found.is_empty() {
            let owned = |flow: &&Flow| flow.owner_key == token;
            let newest = newest_first().filter(owned).find(live);
            found.extend(newest.or_else(|| newest_first().find(owned)).cloned());
        }
        found
    }

    pub(super) fn find_tasks(&self, token: &str) -> Vec<Task> {
        if let Some(task) = self.tasks.get(&TaskId::from(token)) {
            return vec![Task::clone(task)];
        }
        let newest_first = || self.tasks.values().rev();
        let mut found: Vec<&Arc<Task>> = Vec::new();
        if token.chars().count() >= FIND_CHARS_MIN {
            let part = newest_first().filter(|task| task.task_id.as_str().contains(token));
            found.extend(part.take(FIND_MAX));
        }
        if found.is_empty() {
            let of_run = self.tasks.values().filter(|t| t.run_id.as_deref() == Some(token));
            found.extend(of_run);
            found.sort_by_key(|task| task.runtime == Runtime::Cli);
            found.truncate(FIND_MAX);
        }
        if found.is_empty() {
            found.extend(newest_first().find(|task| {
                task.child_session_key.as_deref() == Some(token) || task.owner_key == token
            }));
        }
        found.into_iter().map(|task| Task::clone(task)).collect()
    }
}
