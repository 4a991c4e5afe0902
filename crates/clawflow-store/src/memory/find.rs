//! What a person may mean by a word.

use super::state::Rows;
use crate::query::{FIND_CHARS_MIN, FIND_MAX};
use clawflow_core::flow::Flow;
use clawflow_core::ids::{FlowId, TaskId, TokenId};
use clawflow_core::task::{Runtime, Task};
use clawflow_core::token::Token;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Rows {
    pub(super) fn flow_of_key(&self, owner: &str, key: &str) -> Option<Flow> {
        let live = self.live_keys.get(&(owner.to_owned(), key.to_owned()));
        let live = live.and_then(|id| self.flows.get(id));
        let mut newest_first = self.flows.values().rev();
        let newest =
            || newest_first.find(|f| f.owner_key == owner && f.key.as_deref() == Some(key));
        live.or_else(newest).cloned()
    }

    pub(super) fn next_in_line(&self, owner: &str, key: &str) -> Option<FlowId> {
        let wanted = |flow: &&Flow| flow.owner_key == owner && flow.key.as_deref() == Some(key);
        self.in_line().find(wanted).map(|flow| flow.flow_id.clone())
    }

    pub(super) fn lines(&self) -> Vec<(String, String)> {
        let named = |flow: &Flow| Some((flow.owner_key.clone(), flow.key.clone()?));
        let all: BTreeSet<_> = self.in_line().filter_map(named).collect();
        all.into_iter().collect()
    }

    fn in_line(&self) -> impl Iterator<Item = &Flow> {
        let waits = |flow: &&Flow| flow.in_line_since.is_some() && flow.ended_at.is_none();
        self.flows.values().filter(waits)
    }

    pub(super) fn latest_flow(&self, owner: &str) -> Option<Flow> {
        self.flows.values().rev().find(|flow| flow.owner_key == owner).cloned()
    }

    pub(super) fn task_of_run(
        &self,
        owner: &str,
        flow_id: &FlowId,
        runtime: Runtime,
        run: &str,
    ) -> Option<Task> {
        let mut tasks = self.tasks_of(flow_id).filter(|task| task.owner_key == owner);
        let found = tasks.find(|t| t.runtime == runtime && t.run_id.as_deref() == Some(run));
        found.map(|task| Task::clone(task))
    }

    pub(super) fn find_tokens(&self, token: &str) -> Vec<Token> {
        if let Some(found) = self.tokens.get(&TokenId::from(token)) {
            return vec![found.clone()];
        }
        let newest_first = self.tokens.values().rev();
        newest_first.filter(|found| found.label == token).cloned().collect()
    }

    pub(super) fn find_flows(&self, token: &str) -> Vec<Flow> {
        if let Some(flow) = self.flows.get(&FlowId::from(token)) {
            return vec![flow.clone()];
        }
        let by_key = |flow: &&Flow| flow.key.as_deref() == Some(token);
        let live = |flow: &&Flow| flow.ended_at.is_none();
        let holds = |flow: &&Flow| flow.holds_key();
        let newest_first = || self.flows.values().rev();
        let mut found: Vec<Flow> =
            newest_first().filter(by_key).filter(holds).take(FIND_MAX).cloned().collect();
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

    pub(super) fn find_tasks(&self, owner_key: Option<&str>, token: &str) -> Vec<Task> {
        let seen = |task: &&Arc<Task>| owner_key.is_none_or(|owner| task.owner_key == owner);
        if let Some(task) = self.tasks.get(&TaskId::from(token)).filter(seen) {
            return vec![Task::clone(task)];
        }
        let newest_first = || self.tasks.values().rev().filter(seen);
        let mut found: Vec<&Arc<Task>> = Vec::new();
        if token.chars().count() >= FIND_CHARS_MIN {
            let part = newest_first().filter(|task| task.task_id.as_str().contains(token));
            found.extend(part.take(FIND_MAX));
        }
        if found.is_empty() {
            let of_run = |task: &&Arc<Task>| task.run_id.as_deref() == Some(token);
            found.extend(self.tasks.values().filter(seen).filter(of_run));
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
