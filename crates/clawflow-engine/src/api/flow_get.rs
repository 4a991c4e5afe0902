//! `flow.get`, `flow.findLatest`, `flow.resolve` and `flow.summary`: what a bound program asks.

use super::lookup::{may_be_name, no_flow};
use super::{Api, ApiError, FlowMaybe, FlowRef, FlowResolveRequest, Nothing, TaskSummary};
use clawflow_core::flow::Flow;
use clawflow_core::ids::FlowId;

impl Api {
    /// By id or key, never by a part of either: programs do not guess.
    pub(super) async fn flow_get(&self, request: FlowRef) -> Result<Flow, ApiError> {
        let found = self.flow_named(&request.flow)?;
        found.ok_or_else(|| no_flow(&request.flow))
    }

    pub(super) async fn flow_find_latest(&self, _request: Nothing) -> Result<FlowMaybe, ApiError> {
        let flow = self.engine.store().latest_flow(self.bound()?)?;
        Ok(FlowMaybe { flow })
    }

    /// By id, key, or the caller's own session key: that is the owner's newest live flow, else its
    /// newest.
    pub(super) async fn flow_resolve(
        &self,
        request: FlowResolveRequest,
    ) -> Result<FlowMaybe, ApiError> {
        let owner = self.bound()?.to_owned();
        let token = request.token.trim();
        if let Some(flow) = self.flow_named(token)? {
            return Ok(FlowMaybe { flow: Some(flow) });
        }
        let flow = if token == owner { self.newest_of(&owner)? } else { None };
        Ok(FlowMaybe { flow })
    }

    pub(super) async fn flow_summary(&self, request: FlowRef) -> Result<TaskSummary, ApiError> {
        let flow_id = self.find_flow_id(&request.flow)?;
        self.summary(&flow_id)
    }

    /// The flow with exactly this id, the one that was imported with it or, of the bound owner, the
    /// one with this key.
    fn flow_named(&self, token: &str) -> Result<Option<Flow>, ApiError> {
        let token = token.trim();
        if !may_be_name(token) {
            return Ok(None);
        }
        if is_uuid(token)
            && let Some(flow) = self.flow_imported(token)?
        {
            return Ok(Some(flow));
        }
        let store = self.engine.store();
        if token.starts_with(FlowId::PREFIX) {
            let bundle = store.load(&FlowId(token.to_owned()))?;
            let flow = bundle.map(|bundle| bundle.flow);
            if let Some(flow) = flow.filter(|flow| self.sees(&flow.owner_key)) {
                return Ok(Some(flow));
            }
        }
        match &self.caller().owner {
            Some(owner) => Ok(store.flow_of_key(owner, token)?),
            None => {
                let found = store.find_flows(token)?;
                let mut named = found.into_iter().filter(|flow| flow.key.as_deref() == Some(token));
                match (named.next(), named.next()) {
                    (Some(_), Some(_)) => self.find_flow(token).map(Some),
                    (one, _) => Ok(one),
                }
            }
        }
    }
}

/// Whether it may be the id of a flow that was imported: a controller goes on with that.
fn is_uuid(token: &str) -> bool {
    let hex = |c: u8| c.is_ascii_hexdigit() || c == b'-';
    token.len() == 36 && token.bytes().all(hex) && token.bytes().filter(|c| *c == b'-').count() == 4
}
