//! What a person means by a token.

use super::{Api, ApiError};
use clawflow_core::flow::Flow;
use clawflow_core::ids::FlowId;
use clawflow_core::task::Task;

/// Longest token that is looked up; ids, keys and owner keys are shorter.
const TOKEN_BYTES_MAX: usize = 4096;

impl Api {
    /// The one flow that the token means.
    pub(crate) fn find_flow(&self, token: &str) -> Result<Flow, ApiError> {
        let mut found = match check(token) {
            true => self.engine.store().find_flows(token)?,
            false => Vec::new(),
        };
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(ApiError::new("not_found", format!("flow not found: {}", shown(token)))
                .hint("clawflow flows list")),
            _ => Err(ambiguous("flow", token, found.into_iter().map(|f| f.flow_id.0))),
        }
    }

    /// The id of the one flow that the token means.
    pub(crate) fn find_flow_id(&self, token: &str) -> Result<FlowId, ApiError> {
        self.find_flow(token).map(|flow| flow.flow_id)
    }

    /// The one task that the token means.
    pub(crate) fn find_task(&self, token: &str) -> Result<Task, ApiError> {
        let mut found = match check(token) {
            true => self.engine.store().find_tasks(None, token)?,
            false => Vec::new(),
        };
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(ApiError::new("not_found", format!("task not found: {}", shown(token)))
                .hint("clawflow tasks list")),
            _ => Err(ambiguous("task", token, found.into_iter().map(|t| t.task_id.0))),
        }
    }
}

fn check(token: &str) -> bool {
    !token.trim().is_empty() && token.len() <= TOKEN_BYTES_MAX
}

fn shown(token: &str) -> String {
    clawflow_core::limits::cut(token, 80)
}

fn ambiguous(what: &str, token: &str, ids: impl Iterator<Item = String>) -> ApiError {
    let candidates: Vec<String> = ids.collect();
    let listed = candidates.join(", ");
    let mut error = ApiError::new(
        "ambiguous",
        format!("{} means more than one {what}: {listed}", shown(token)),
    );
    error.candidates = candidates;
    error
}
