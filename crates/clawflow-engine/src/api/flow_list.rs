//! `flow.list`.

use super::{Api, ApiError, FlowLine, FlowListRequest, FlowListResponse};
use crate::clock::now;
use clawflow_core::ids::FlowId;
use clawflow_core::limits::cut;
use clawflow_store::query::FlowFilter;

/// Flows on a page that names no limit.
pub(super) const PAGE_DEFAULT: usize = 50;
/// Flows on the largest page.
pub(super) const PAGE_MAX: usize = 1000;
/// Ended flows are listed for this long without `all`, in milliseconds.
const ENDED_FOR_MS: i64 = 24 * 60 * 60 * 1000;

impl Api {
    pub(super) async fn flow_list(
        &self,
        request: FlowListRequest,
    ) -> Result<FlowListResponse, ApiError> {
        let limit = request.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX);
        let bounded = request.all || !request.status.is_empty() || request.since.is_some();
        let labels = request.label.iter().map(|label| pair(label)).collect::<Result<_, _>>()?;
        let owner_key = self.scope(request.owner);
        let parent = request.parent.as_deref().map(|token| self.find_flow_id(token)).transpose()?;
        let bounded = bounded || parent.is_some();
        let filter = FlowFilter {
            statuses: request.status,
            live_or_ended_since: (!bounded).then(|| now() - ENDED_FOR_MS),
            created_since: request.since,
            owner_key: owner_key.clone(),
            name: request.name,
            labels,
            retried: request.retried,
            parent_flow_id: parent,
            after: request.after.map(FlowId),
            limit: limit + 1,
        };
        let store = self.engine.store();
        let mut rows = store.list_flows(&filter)?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let counts = store.count_flows(owner_key.as_deref())?;
        let flows: Vec<FlowLine> = rows
            .into_iter()
            .map(|row| FlowLine {
                flow: row.flow,
                tasks_active: row.tasks_active,
                tasks_total: row.tasks_total,
            })
            .collect();
        let next = flows.last().filter(|_| more).map(|line| line.flow.flow_id.0.clone());
        Ok(FlowListResponse {
            flows,
            counts: counts.by_status,
            cancel_requested: counts.cancel_requested,
            next,
        })
    }
}

fn pair(label: &str) -> Result<(String, String), ApiError> {
    let pair = label.split_once('=').filter(|(name, _)| !name.is_empty());
    let pair = pair.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let odd = || format!("a label is given as NAME=VALUE, not {:?}", cut(label, 80));
    pair.ok_or_else(|| ApiError::new("bad_request", odd()))
}
