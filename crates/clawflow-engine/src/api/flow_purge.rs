//! `flow.purge`: deletes ended flows with all that depends on them.

use super::{Api, ApiError, FlowPurgeRequest, FlowPurgeResponse};
use clawflow_core::flow::{Flow, FlowStatus};
use clawflow_core::ids::FlowId;
use clawflow_core::unit::Unit;
use clawflow_store::query::{FlowFilter, TaskFilter};

/// Flows, or tasks of one, that one page of the search looks at.
const PAGE: usize = 500;
/// Flows that one unit deletes.
const BATCH: usize = 64;

impl Api {
    pub(super) async fn flow_purge(
        &self,
        request: FlowPurgeRequest,
    ) -> Result<FlowPurgeResponse, ApiError> {
        let flows = match &request.flow {
            Some(token) => vec![self.ended_flow(token)?],
            None => self.matching(&request).await?,
        };
        if !request.dry_run {
            for batch in flows.chunks(BATCH) {
                self.purge(batch).await?;
            }
        }
        Ok(FlowPurgeResponse { flows: flows.into_iter().map(|id| id.0).collect() })
    }

    fn ended_flow(&self, token: &str) -> Result<FlowId, ApiError> {
        let flow = self.find_flow(token)?;
        let (message, hint) = if !flow.is_terminal() {
            let message = format!("the flow is {}: only an ended flow is purged", flow.status);
            (message, "clawflow flows cancel FLOW")
        } else if self.has_running_child(&flow.flow_id)? {
            ("a task of the flow still runs".to_owned(), "clawflow tasks cancel TASK")
        } else if let Some(child) = self.live(&flow.flow_id)?.first() {
            let message = format!("its child flow {} has not ended", child.flow_id);
            (message, "clawflow flows cancel FLOW")
        } else if let Some(parent) = self.live_parent(&flow)? {
            let message = format!("it is a child of {}, which has not ended", parent.flow_id);
            (message, "clawflow flows purge the parent once it has ended")
        } else {
            return Ok(flow.flow_id);
        };
        let mut error = ApiError::new("invalid_state", message).hint(hint);
        error.current = Some(Box::new(flow));
        Err(error)
    }

    /// The parent that may still have to learn how its child ended: without the child's record it
    /// would be made again.
    fn live_parent(&self, flow: &Flow) -> Result<Option<Flow>, ApiError> {
        let Some(parent) = &flow.parent_flow_id else { return Ok(None) };
        let parent = self.engine.flow(parent)?;
        Ok(parent.filter(|parent| !parent.is_terminal()))
    }

    /// Whether a process that the engine has launched outlives its flow: without a record nobody
    /// could see or stop it.
    fn has_running_child(&self, flow_id: &FlowId) -> Result<bool, ApiError> {
        let bundle = self.engine.store().load(flow_id)?;
        Ok(bundle.is_some_and(|bundle| bundle.tasks.iter().any(|task| !task.reported)))
    }

    /// All ended flows that the request asks for, but for those of which a process or a child
    /// still runs, and children of a flow that has not ended. One without any bound is refused.
    async fn matching(&self, request: &FlowPurgeRequest) -> Result<Vec<FlowId>, ApiError> {
        if request.ended_before.is_none() && request.status.is_empty() {
            let message = "name a flow, a time or a status to purge";
            return Err(ApiError::new("bad_request", message));
        }
        let fits = |flow: &Flow| {
            let before = request.ended_before;
            flow.is_terminal() && before.is_none_or(|t| flow.ended_at.is_some_and(|at| at < t))
        };
        let statuses = if request.status.is_empty() {
            FlowStatus::ALL.iter().copied().filter(|s| s.is_terminal()).collect()
        } else {
            request.status.clone()
        };
        let owner_key = self.scope(None);
        let mut filter = FlowFilter { statuses, owner_key, limit: PAGE, ..FlowFilter::default() };
        let mut found = Vec::new();
        loop {
            let page = self.engine.store().list_flows(&filter)?;
            filter.after = page.last().map(|row| row.flow.flow_id.clone());
            let full = page.len() == PAGE;
            for row in page.into_iter().filter(|row| fits(&row.flow)) {
                let spared = self.live_parent(&row.flow)?.is_some();
                let id = row.flow.flow_id;
                let runs = row.tasks_active > 0 && self.has_running_child(&id)?;
                if !spared && !runs && self.live(&id)?.is_empty() {
                    found.push(id);
                }
            }
            if !full {
                return Ok(found);
            }
            // Each page blocks this thread for a while; others want it too.
            tokio::task::yield_now().await;
        }
    }

    /// Deletes some flows in one unit, then the logs of their tasks.
    pub(crate) async fn purge(&self, flows: &[FlowId]) -> Result<(), ApiError> {
        let mut attempts = Vec::new();
        for flow_id in flows {
            attempts.extend(self.attempts(flow_id)?);
            tokio::task::yield_now().await;
        }
        let unit = Unit { purges: flows.to_vec(), ..Unit::default() };
        self.engine.commit(unit).await.map_err(crate::error::EngineError::from)?;
        for (boot_id, task, fence) in attempts {
            self.remove_logs(&boot_id, &task, fence).await;
        }
        Ok(())
    }

    /// Logs without a record are only litter; the record is gone already.
    pub(crate) async fn remove_logs(&self, boot_id: &str, task: &str, fence: u64) {
        if let Err(error) = self.engine.supervisor().remove(boot_id, task, fence).await {
            tracing::debug!(task, %error, "logs were left behind");
        }
    }

    /// Where the attempts of a flow have their logs.
    fn attempts(&self, flow_id: &FlowId) -> Result<Vec<(String, String, u64)>, ApiError> {
        let flow_id = Some(flow_id.clone());
        let mut filter = TaskFilter { flow_id, limit: PAGE, ..TaskFilter::default() };
        let mut found = Vec::new();
        loop {
            let page = self.engine.store().list_tasks(&filter)?;
            filter.after = page.last().map(|task| task.task_id.clone());
            let full = page.len() == PAGE;
            // Without an executor it never had a directory.
            found.extend(
                page.into_iter()
                    .filter_map(|task| Some((task.executor?.boot_id, task.task_id.0, task.fence))),
            );
            if !full {
                return Ok(found);
            }
        }
    }
}
