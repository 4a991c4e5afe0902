//! What a person means by a token. What a caller may not see is not there.

use super::{Api, ApiError};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::ids::FlowId;
use clawflow_core::import::{Imported, OPENCLAW, id_part};
use clawflow_core::task::Task;
use clawflow_store::query::FlowFilter;

/// Longest token that is looked up; ids, keys and owner keys are shorter.
const TOKEN_BYTES_MAX: usize = 4096;

impl Api {
    /// The one flow that the token means.
    pub(crate) fn find_flow(&self, token: &str) -> Result<Flow, ApiError> {
        let mut found = match may_be_name(token) {
            true => self.flows_meant(token)?,
            false => Vec::new(),
        };
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(no_flow(token)),
            _ => Err(ambiguous("flow", token, found.into_iter().map(|f| f.flow_id.0))),
        }
    }

    /// The id of the one flow that the token means.
    pub(crate) fn find_flow_id(&self, token: &str) -> Result<FlowId, ApiError> {
        self.find_flow(token).map(|flow| flow.flow_id)
    }

    fn flows_meant(&self, token: &str) -> Result<Vec<Flow>, ApiError> {
        let named = self.flows_named(token)?;
        if !named.is_empty() {
            return Ok(named);
        }
        Ok(self.flow_imported(token)?.into_iter().collect())
    }

    /// The flow that was imported and has this id there.
    pub(super) fn flow_imported(&self, id: &str) -> Result<Option<Flow>, ApiError> {
        let find = |part: &str| Ok(self.engine.store().find_flows(part)?);
        let mut found = imported(id, find, |flow: &Flow| flow.imported.as_deref())?;
        found.retain(|flow| self.sees(&flow.owner_key));
        Ok(found.pop())
    }

    fn flows_named(&self, token: &str) -> Result<Vec<Flow>, ApiError> {
        let store = self.engine.store();
        let mut found = store.find_flows(token)?;
        found.retain(|flow| self.sees(&flow.owner_key));
        let Some(owner) = &self.caller().owner else { return Ok(found) };
        let is_exact = |flow: &Flow| flow.flow_id.0 == token;
        if found.iter().any(is_exact) {
            return Ok(found);
        }
        // The store may have stopped at a key of somebody else.
        if let Some(flow) = store.flow_of_key(owner, token)? {
            return Ok(vec![flow]);
        }
        if found.is_empty() && token == owner {
            found.extend(self.newest_of(owner)?);
        }
        Ok(found)
    }

    /// The newest live flow of an owner, else its newest.
    pub(super) fn newest_of(&self, owner: &str) -> Result<Option<Flow>, ApiError> {
        let store = self.engine.store();
        let live = FlowStatus::ALL.iter().copied().filter(|status| !status.is_terminal());
        let filter = FlowFilter {
            statuses: live.collect(),
            owner_key: Some(owner.to_owned()),
            limit: 1,
            ..FlowFilter::default()
        };
        match store.list_flows(&filter)?.pop() {
            Some(row) => Ok(Some(row.flow)),
            None => Ok(store.latest_flow(owner)?),
        }
    }

    /// The one task that the token means.
    pub(crate) fn find_task(&self, token: &str) -> Result<Task, ApiError> {
        let mut found = match may_be_name(token) {
            true => self.tasks_meant(token)?,
            false => Vec::new(),
        };
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(ApiError::new("not_found", format!("task not found: {}", shown(token)))
                .hint("clawflow tasks list")),
            _ => Err(ambiguous("task", token, found.into_iter().map(|t| t.task_id.0))),
        }
    }

    fn tasks_meant(&self, token: &str) -> Result<Vec<Task>, ApiError> {
        let (store, owner) = (self.engine.store(), self.caller().owner.as_deref());
        let find = |part: &str| Ok(store.find_tasks(owner, part)?);
        named_or_imported(token, find, |task: &Task| task.imported.as_deref())
    }
}

/// What is found by this token here; if nothing is, what was imported and has this id there.
pub(super) fn named_or_imported<T>(
    token: &str,
    find: impl Fn(&str) -> Result<Vec<T>, ApiError>,
    of: impl Fn(&T) -> Option<&Imported>,
) -> Result<Vec<T>, ApiError> {
    let named = find(token)?;
    if named.is_empty() { imported(token, find, of) } else { Ok(named) }
}

/// What was imported and has this id there, looked for by the part of its id here.
fn imported<T>(
    id: &str,
    find: impl Fn(&str) -> Result<Vec<T>, ApiError>,
    of: impl Fn(&T) -> Option<&Imported>,
) -> Result<Vec<T>, ApiError> {
    let mut found = find(&id_part(OPENCLAW, id))?;
    found.retain(|one| of(one).is_some_and(|imported| imported.id == id));
    Ok(found)
}

/// Whether a token can mean anything.
pub(super) fn may_be_name(token: &str) -> bool {
    !token.trim().is_empty() && token.len() <= TOKEN_BYTES_MAX
}

pub(super) fn shown(token: &str) -> String {
    clawflow_core::limits::cut(token, 80)
}

/// The answer about a flow that is not there, or not for the caller.
pub(super) fn no_flow(token: &str) -> ApiError {
    ApiError::new("not_found", format!("flow not found: {}", shown(token)))
        .hint("clawflow flows list")
}

pub(super) fn ambiguous(what: &str, token: &str, ids: impl Iterator<Item = String>) -> ApiError {
    let candidates: Vec<String> = ids.collect();
    let listed = candidates.join(", ");
    let mut error = ApiError::new(
        "ambiguous",
        format!("{} means more than one {what}: {listed}", shown(token)),
    );
    error.candidates = candidates;
    error
}
